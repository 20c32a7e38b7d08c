# shellcheck shell=bash
# podman or docker, whichever works here: `$engine`. Sourced.

find_engine() {
  local candidate
  for candidate in ${PILLION_ENGINE:-podman docker}; do
    # docker's program without its service is of no use.
    if command -v "$candidate" >/dev/null && "$candidate" info >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  printf '%s\n' 'needs podman or docker (a running one): on Debian, apt-get install podman' >&2
  return 1
}

# save_image IMAGE FILE: as an archive that any container runtime reads.
save_image() {
  if [[ $engine == podman ]]; then
    podman save --quiet --format docker-archive --output "$2" "$1"
  else
    docker save --output "$2" "$1"
  fi
}

engine=$(find_engine) || exit 1
