#!/bin/sh
# Installs Debian packages ("$@") without the servers that some of them start: Esteira runs private ones.
# Puts back what it changes. What is installed already keeps running as it is.
set -eu
export DEBIAN_FRONTEND=noninteractive

policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/esteira.conf
made_policy=
restore() {
  if [ -n "$made_policy" ]; then rm -f "$policy"; fi
  rm -f "$cluster"
}
trap restore EXIT INT TERM

# No package starts its server now.
if [ ! -e "$policy" ]; then
  made_policy=1
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

# PostgreSQL makes no cluster of its own.
mkdir -p "${cluster%/*}"
echo 'create_main_cluster = false' >"$cluster"

# Which units are there already: they are somebody's, whatever we install.
units='postgresql.service redis-server.service rabbitmq-server.service supervisor.service epmd.service epmd.socket'
fresh=
for unit in $units; do
  if [ ! -e "/lib/systemd/system/$unit" ] && [ ! -e "/usr/lib/systemd/system/$unit" ]; then fresh="$fresh $unit"; fi
done

apt-get update -q
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"

# Nor at the next boot.
if command -v systemctl >/dev/null 2>&1; then
  for unit in $fresh; do systemctl disable --now "$unit" >/dev/null 2>&1 || true; done
fi
