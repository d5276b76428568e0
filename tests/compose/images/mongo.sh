#!/bin/bash
# The documented contract of the image `mongo`: the server runs as `mongodb`, on the volumes /data/db and /data/configdb.
set -euo pipefail

if [ "${1:0:1}" = - ]; then set -- mongod "$@"; fi
if [ "$1" = mongod ] && [ "$(id -u)" = 0 ]; then
  find /data/db /data/configdb ! -user mongodb -exec chown mongodb {} +
  exec setpriv --reuid=mongodb --regid=mongodb --init-groups "$0" "$@"
fi
exec "$@"
