/** What stands at the place of a tree, without git: a handful of reads, whatever the size of the tree. */
import { dirname, join, relative, resolve } from 'node:path';
import { readForeignFile } from '../../../core/foreign-files/read-file.ts';
import { recordName } from '../../../git/consumer/files.ts';
import { withTree } from '../place.ts';

export type TreeState =
  | 'ok'
  | 'missing'
  | 'empty'
  /** What readers' git is told of it is not what we wrote. */
  | 'wrong-commit';

/** A `.git` file names one path, a HEAD one commit. */
const MAX_BYTES = 8 * 1024;

async function readText(path: string): Promise<string | undefined> {
  const content = await readForeignFile(path, MAX_BYTES).catch(() => undefined);
  return content?.kind === 'file' ? content.bytes.toString('utf8') : undefined;
}

/** Whether the tree of a commit is there, has anything in it, and tells its readers' git that it is at that commit. */
export async function checkTree(root: string, path: string, hash: string): Promise<TreeState> {
  const entries = await withTree(root, path, async (tree) => tree?.list(1));
  if (entries === undefined) {
    return 'missing';
  }
  if (entries.length === 0) {
    return 'empty';
  }
  const record = join(root, '.git/worktrees', recordName(path));
  const [pointer, head] = await Promise.all([readText(join(path, '.git')), readText(join(record, 'HEAD'))]);
  return pointer === `gitdir: ${relative(path, record)}\n` && head === `${hash}\n` ? 'ok' : 'wrong-commit';
}

/** The git directory that a tree's `.git` file names, absolute; undefined when there is none. Only to be compared. */
export async function gitDirOfTree(treePath: string): Promise<string | undefined> {
  const target = /^gitdir: ([^\n]+)\n?$/.exec((await readText(join(treePath, '.git'))) ?? '')?.[1];
  return target === undefined ? undefined : resolve(treePath, target);
}

/** Whether a tree of v4 was moved up into the root, where v3 had its own: its way to the repository has one `..` too many. */
export async function isMovedUp(root: string, path: string): Promise<boolean> {
  const text = (await readText(join(path, '.git')))?.trimEnd();
  return dirname(path) === root && text === `gitdir: ../../.git/worktrees/${relative(root, path)}`;
}
