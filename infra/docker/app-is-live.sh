#!/bin/bash
# Whether the app of this container answers at HEALTH_URL, as Docker asks it. In bash alone: a Node.js started for each
# question would cost more than the app at rest. Ends with 78 where the app waits for a person (run-app.sh).
set -eu

if [ -e /tmp/ended-with-78 ]; then
  echo 'The app ended with 78: a person has to mend what it says.'
  exit 78
fi

address=${HEALTH_URL#http://}
host=${address%%/*}
exec 3<>"/dev/tcp/${host%:*}/${host##*:}"
printf 'GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "${address#*/}" "$host" >&3
read -r _ status _ <&3
echo "$status"
[ "$status" = 200 ]
