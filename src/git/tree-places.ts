/** Directories of a shared root in which trees lie. */
import { basename, dirname } from 'node:path/posix';

/** Where v4 keeps its trees, below the root. */
export const TREES_DIR = '.worktrees';
/** Below it: where a worktree is rebuilt while its own place is still taken by the published, damaged one. */
export const REBUILD_DIR = '.rebuild';
/** Likewise: trees whose usual place is taken by one of the same commit that others were promised with other files. */
export const SECOND_TREE_DIRS: readonly string[] = Array.from(
  { length: 8 },
  (_, index) => `.beside-${index + 1}`,
);

/** All that are one level deeper than others. */
export const TREE_HOLDERS: readonly string[] = [REBUILD_DIR, ...SECOND_TREE_DIRS];

/** The name of a tree's record in `.git/worktrees`. */
export function recordName(treePath: string): string {
  const holder = basename(dirname(treePath));
  return basename(treePath) + (TREE_HOLDERS.includes(holder) ? `-${holder.slice(1)}` : '');
}
