/** What readers' git remembers of each tree, in `.git/worktrees`. */
import { basename, dirname, join } from 'node:path';
import { removeTree } from '../../../core/files.ts';
import { type ForeignDirectory, withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { isFullHash } from '../../../git/object-name.ts';
import { recordName, TREE_HOLDERS, TREES_DIR } from '../../../git/tree-places.ts';
import { entriesOf } from './directories.ts';
import { gitDirOfTree } from './tree-check.ts';

/** The names of the records that trees in the root refer to. */
async function recordsInUse(root: string): Promise<ReadonlySet<string>> {
  const holders = TREE_HOLDERS.map((name) => join(root, TREES_DIR, name));
  const places = [root, join(root, TREES_DIR), ...holders];
  const trees = (await Promise.all(places.map((place) => entriesOf(root, place)))).flat();
  const gitDirs = await Promise.all(trees.map(gitDirOfTree));
  const told = gitDirs.flatMap((path) => (path === undefined ? [] : [basename(path)]));
  // A tree that is an archive does not tell.
  return new Set([...told, ...trees.map(recordName)]);
}

/** Whether a record is of a tree that a git-sync made, wherever its volume was mounted then. */
function isOfOurs(treePath: string): boolean {
  const holder = basename(dirname(treePath));
  const isV3 = isFullHash(basename(treePath).replace(/^rev-/, ''));
  return holder === TREES_DIR || TREE_HOLDERS.includes(holder) || isV3;
}

/** Whether anything stands there, whatever it is; not where that cannot be found out. */
async function isThere(path: string): Promise<boolean> {
  const found = await withForeignRoot(dirname(path), (holder) => holder.stat(basename(path))).catch(
    () => undefined,
  );
  return found !== undefined;
}

async function isLost(records: ForeignDirectory, name: string): Promise<boolean> {
  const record = await records.open(name);
  if (record === undefined) {
    return false;
  }
  try {
    const locked = await record.stat('locked');
    const gitFile = ((await record.readText('gitdir', { maxBytes: 8 * 1024 })) ?? '').trim();
    if (locked !== undefined || (gitFile !== '' && !isOfOurs(dirname(gitFile)))) {
      return false;
    }
    // A record of somebody's own that happens to be named like ours leads to something.
    return !(await isThere(gitFile));
  } finally {
    await record.close();
  }
}

/**
 * Forgets the trees that are gone. `git worktree prune` goes by the absolute paths in its records, which are wrong
 * wherever else the same volume is mounted: it would forget the trees that another container has published. So this
 * looks from the trees to their records.
 */
export async function forgetLostTrees(root: string, gitDirectory: ForeignDirectory): Promise<void> {
  const records = await gitDirectory.open('worktrees');
  if (records === undefined) {
    return;
  }
  try {
    const used = await recordsInUse(root);
    for (const { name } of await records.list()) {
      if (!used.has(name) && (await isLost(records, name))) {
        await removeTree(join(records.path, name));
      }
    }
  } finally {
    await records.close();
  }
}
