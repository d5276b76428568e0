#!/bin/sh
# The first process of the namespaces that own-engine.ts makes (mounts, network, processes): becomes dockerd. What it mounts,
# and the rules that dockerd gives to the firewall, are seen in here alone, and end with it.
set -eu
work=$1
cgroup=$2

# /proc is the machine's still: this is the pid that the machine knows.
read -r pid _ </proc/self/stat
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo "$pid" >"$work/run/pid"

# slirp4netns brings the way out.
tries=0
until ip link show tap0 >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" = 600 ]; then
    echo 'slirp4netns brought no way out within a minute; its own log says why.' >&2
    exit 1
  fi
  sleep 0.1
done

ulimit -n "$(ulimit -Hn)"
exec dockerd --data-root "$work/data" --exec-root /run/docker --pidfile /run/docker.pid \
  --host "unix://$work/run/docker.sock" --cgroup-parent "$cgroup" --exec-opt native.cgroupdriver=cgroupfs
