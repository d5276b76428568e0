#!/bin/bash
# The documented contract of the image `rabbitmq`: its commands run as `rabbitmq`, whose home is the volume
# /var/lib/rabbitmq. The variables RABBITMQ_DEFAULT_… are the server's own.
set -euo pipefail

if [[ "$1" = rabbitmq* ]] && [ "$(id -u)" = 0 ]; then
  if [ "$1" = rabbitmq-server ]; then find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq {} +; fi
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups env HOME=/var/lib/rabbitmq "$0" "$@"
fi
exec "$@"
