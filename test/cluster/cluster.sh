# shellcheck shell=bash
# Starting and ending a cluster: functions over its folder, $clusters/ID. Sourced after settings.sh.

# The start time makes a PID unique: a later process may get the same number.
process_start() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null; }

# cluster_start [OWNER]: sets $cluster to its folder. With an owner's PID (which must be the calling shell) the kernel
# ends the cluster when the owner dies, however it dies.
cluster_start() {
  local owner=${1:-} folder bond=()
  mkdir -p "$clusters"
  folder=$(mktemp -d "$clusters/pillion-XXXXXX")
  chmod 0711 "$folder"
  if [[ -n $owner ]]; then
    printf '%s %s\n' "$owner" "$(process_start "$owner")" >"$folder/owner"
    bond=(setpriv --pdeathsig KILL)
  fi
  cgroup_folders "$(basename "$folder")" create
  mkdir "$folder/log"
  # A session of its own: Ctrl-C is for the owner, who then takes the cluster down.
  "${bond[@]}" setsid unshare --fork --kill-child --pid --mount --net --uts --propagation private \
    "$cluster_scripts/node.sh" "$folder" >"$folder/log/node.log" 2>&1 </dev/null &
  printf '%s\n' "$!" >"$folder/supervisor"
  cluster=$folder
}

# cluster_wait FOLDER: until it is ready, or says why it is not.
cluster_wait() {
  local begin=$SECONDS supervisor
  supervisor=$(<"$1/supervisor")
  until [[ -e $1/ready ]]; do
    if ! kill -0 "$supervisor" 2>/dev/null || ((SECONDS - begin > 300)); then
      cluster_report "$1"
      return 1
    fi
    sleep 0.1
  done
  say "$(basename "$1") is ready after $(took "$begin")"
}

# The last lines of every log: what somebody needs who was not there.
cluster_report() {
  say "$(basename "$1") did not come up"
  tail -n 8 "$1"/log/*.log >&2
}

# The PID, outside, of the cluster's first process (or of the process in the file given); nothing when it does not run.
cluster_pid() {
  local pid
  pid=$(cat "$1/${2:-pid}" 2>/dev/null) || return 0
  # The number may belong to somebody else by now: ours names the folder in its command line.
  if grep -qzxF "$1" "/proc/$pid/cmdline" 2>/dev/null; then printf '%s\n' "$pid"; fi
}

# cluster_inside FOLDER COMMAND...: with the cluster's kubectl, kubeconfig, network, mounts and processes.
cluster_inside() {
  local folder=$1 pid
  shift
  pid=$(cluster_pid "$folder")
  [[ -n $pid ]] || die "$(basename "$folder") does not run"
  KUBECONFIG=$folder/admin.kubeconfig KUBECACHEDIR=$folder/kubectl-cache PATH=$binaries:$PATH \
    nsenter --target "$pid" --net --mount --pid --uts -- "$@"
}

# cgroup_folders ID create|remove|pids: in every hierarchy of version 1, or in the one tree of version 2.
cgroup_folders() {
  local parent folder
  for parent in $(cgroup_roots); do
    folder=$parent/$1
    case $2 in
      create) mkdir -p "$folder" && cgroup_controllers "$parent" ;;
      pids) [[ ! -d $folder ]] || find "$folder" -name cgroup.procs -exec cat {} + 2>/dev/null ;;
      remove) [[ ! -d $folder ]] || find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true ;;
    esac
  done
}

# Version 2 gives a folder only the controllers that its parent passes on.
cgroup_controllers() {
  local controller
  [[ -w $1/cgroup.subtree_control ]] || return 0
  for controller in cpuset cpu io memory pids; do
    echo "+$controller" 2>/dev/null >"$1/cgroup.subtree_control" || true
  done
}

cgroup_roots() {
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    echo /sys/fs/cgroup
  else
    find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d
  fi
}

# cluster_stop FOLDER: ends it at once and leaves nothing. Also right for a cluster that came up halfway or is gone.
cluster_stop() {
  local id pid
  [[ -d $1 ]] || return 0
  id=$(basename "$1")
  for pid in $(cluster_pid "$1" supervisor) $(cluster_pid "$1"); do
    kill -KILL "$pid" 2>/dev/null || true
  done
  until_ok 20 cluster_is_gone "$1" "$id" || say "still there: processes $(cgroup_folders "$id" pids | sort -un | xargs)"
  rm -rf "$1"
}

cluster_is_gone() {
  [[ -z $(cluster_pid "$1" supervisor)$(cluster_pid "$1") ]] || return 1
  cgroup_folders "$2" remove
  local parent
  for parent in $(cgroup_roots); do [[ ! -d $parent/$2 ]] || return 1; done
}

# What runs left whose owner was killed before it could clean up. Clusters that were started by hand have no owner.
cluster_sweep() {
  local folder owner start
  for folder in "$clusters"/pillion-*/; do
    folder=${folder%/}
    [[ -e $folder/owner ]] || continue
    read -r owner start <"$folder/owner"
    [[ $(process_start "$owner") == "$start" ]] && continue
    cluster_stop "$folder"
    "$cluster_scripts/image" --remove "$(cluster_image "$folder")"
  done
}

# The name of the image that a run builds for its cluster.
cluster_image() { basename "$1" | sed 's|^|localhost/pillion:|' | tr '[:upper:]' '[:lower:]'; }

# The folder of the cluster that is meant: $PILLION_CLUSTER, or the only one there is.
cluster_chosen() {
  local all
  [[ -z ${PILLION_CLUSTER:-} ]] || { printf '%s\n' "$PILLION_CLUSTER" && return; }
  all=("$clusters"/pillion-*/)
  [[ -d ${all[0]} ]] || die 'no cluster runs: start one with test/cluster/up'
  ((${#all[@]} == 1)) || die "several clusters run, choose with PILLION_CLUSTER=FOLDER: ${all[*]}"
  printf '%s\n' "${all[0]%/}"
}
