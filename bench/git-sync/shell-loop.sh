#!/bin/sh
# What people write who use no sidecar: poll with ls-remote, fetch what changed, add a worktree, move a link.
# usage: shell-loop.sh REPO REF ROOT DEPTH PERIOD_SECONDS|once   (counts its polls in ROOT/polls at the end)
set -eu
repo=$1 ref=$2 root=$3 depth=$4 period=$5
polls=0
trap 'echo "$polls" >"$root/polls"; exit 0' TERM
mkdir -p "$root"
[ -d "$root/.git" ] || git init -q "$root"
cd "$root"
current=
while :; do
  hash=$(git ls-remote -q "$repo" "$ref" | cut -f1 | head -n1)
  polls=$((polls + 1))
  if [ "$hash" != "$current" ]; then
    if [ "$depth" = 0 ]; then git fetch -q "$repo" "$ref"; else git fetch -q --depth "$depth" "$repo" "$ref"; fi
    hash=$(git rev-parse FETCH_HEAD)
    git worktree add -q --force --detach "$root/.worktrees/$hash" "$hash"
    ln -s ".worktrees/$hash" "$root/link.tmp"
    mv -T "$root/link.tmp" "$root/link"
    if [ -n "$current" ]; then git worktree remove --force "$root/.worktrees/$current"; fi
    current=$hash
  fi
  if [ "$period" = once ]; then exit 0; fi
  sleep "$period" &
  wait $!
done
