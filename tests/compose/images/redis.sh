#!/bin/bash
# The documented contract of the image `redis`: the server runs as `redis`, on the volume /data, which is where it starts;
# other containers reach it without a password (protected mode is off).
set -euo pipefail

if [ "${1:0:1}" = - ]; then set -- redis-server "$@"; fi
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . ! -user redis -exec chown redis {} +
  exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
umask 077
if [ "$1" = redis-server ]; then set -- "$@" --protected-mode no; fi
exec "$@"
