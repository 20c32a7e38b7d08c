#!/bin/sh
# The git commands that git-sync v4.7.1 runs, in its order, replayed by a shell: its cost without its own process.
# usage: as shell-loop.sh
set -eu
repo=$1 ref=$2 root=$3 depth=$4 period=$5
polls=0
config=$(mktemp)
export GIT_CONFIG_GLOBAL="$config" GIT_CONFIG_NOSYSTEM=true
trap 'echo "$polls" >"$root/polls"; rm -f "$config"; exit 0' TERM
trap 'rm -f "$config"' EXIT
git version >/dev/null
git config --global gc.autoDetach false
git config --global gc.pruneExpire now
git config --global credential.helper "cache --timeout 3600"
git config --global core.askPass true
git config --global safe.directory '*'
mkdir -p "$root"
cd "$root"
sane() { [ "$(git rev-parse --show-toplevel)" = "$root" ] && git fsck --no-progress --connectivity-only >/dev/null 2>&1; }
current=
while :; do
  [ -d .git ] || git init -q -b git-sync
  sane
  git remote get-url origin >/dev/null 2>&1 || git remote add origin "$repo"
  if [ "$depth" = 0 ]; then
    git rev-parse --is-shallow-repository >/dev/null
    git fetch -q "$repo" "$ref" --verbose --no-progress --prune --no-auto-gc 2>/dev/null
  else
    git fetch -q "$repo" "$ref" --verbose --no-progress --prune --no-auto-gc --depth "$depth" 2>/dev/null
  fi
  hash=$(git rev-parse 'FETCH_HEAD^{}')
  polls=$((polls + 1))
  if [ "$hash" = "$current" ]; then
    (cd ".worktrees/$hash" && git rev-parse HEAD >/dev/null && git fsck --no-progress --connectivity-only >/dev/null 2>&1)
  else
    git reset -q --soft "$hash" --
    git worktree add --force --detach ".worktrees/$hash" "$hash" --no-checkout >/dev/null 2>&1
    echo "gitdir: ../../.git/worktrees/$hash" >".worktrees/$hash/.git"
    (cd ".worktrees/$hash" && git reset -q --hard "$hash" -- && git submodule update --init --recursive --depth 1)
    ln -s ".worktrees/$hash" link.tmp
    mv -T link.tmp link
    if [ -n "$current" ]; then
      rm -rf ".worktrees/$current"
      git worktree prune --verbose
      git reflog expire --expire-unreachable=all --all
      git gc -q
    fi
    current=$hash
  fi
  if [ "$period" = once ]; then exit 0; fi
  sleep "$period" &
  wait $!
done
