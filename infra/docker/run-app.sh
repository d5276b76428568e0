#!/bin/sh
# Runs an app ("$@"). Docker starts again whatever ends, at once and for ever. What ends with 78 needs a person: it waits
# here, unhealthy (app-is-live.sh), until it is started anew (make start).
set -u

# The broker of Compose has the plugin, unless wait-queue was asked for (rabbitmq.Dockerfile).
if [ "${DELAY_STRATEGY:-auto}" = auto ]; then export DELAY_STRATEGY=delayed-exchange; fi

waits=/tmp/ended-with-78
rm -f "$waits"

"$@" &
app=$!
trap 'kill -TERM "$app" 2>/dev/null' TERM
trap 'kill -INT "$app" 2>/dev/null' INT

# A signal ends the waiting, not the app.
wait "$app"
code=$?
while kill -0 "$app" 2>/dev/null; do
  wait "$app"
  code=$?
done
[ "$code" -eq 78 ] || exit "$code"

trap - TERM INT
echo 'Mend what is said above, then make start.' >&2
: >"$waits"
exec sleep infinity
