/** What stands at the place of a tree, without git: a handful of reads, whatever the size of the tree. */
import { dirname, join, relative, resolve } from 'node:path';
import { readForeignFile } from '../../../core/foreign-files/read-file.ts';
import { recordName } from '../../../git/tree-places.ts';
import { withTree } from '../publishing/place.ts';
import type { SyncSpec } from '../spec.ts';

export type TreeState =
  | 'ok'
  | 'missing'
  | 'empty'
  /** What readers' git is told of it is not what we wrote, or the directory that is published is not there. */
  | 'wrong-commit';

/** What of a tree its readers are to have, besides what its commit has. */
export interface TreeShape {
  /** The directory in it that is published; empty for all of it. */
  readonly below: string;
  /** Without git's metadata. */
  readonly isArchive: boolean;
}

/** What the options ask for. */
export function shapeOf(spec: Pick<SyncSpec, 'publishSubdirectory' | 'publishArchive'>): TreeShape {
  return { below: spec.publishSubdirectory, isArchive: spec.publishArchive };
}

const WHOLE: TreeShape = { below: '', isArchive: false };

/** A `.git` file names one path, a HEAD one commit. */
const MAX_BYTES = 8 * 1024;

async function readText(path: string): Promise<string | undefined> {
  const content = await readForeignFile(path, MAX_BYTES).catch(() => undefined);
  return content?.kind === 'file' ? content.bytes.toString('utf8') : undefined;
}

/** Whether the directory is there; no link is followed on the way. */
const isDirectory = (root: string, path: string) =>
  withTree(root, path, (found) => Promise.resolve(found !== undefined));

async function isTold(root: string, path: string, hash: string, isArchive: boolean): Promise<boolean> {
  const record = join(root, '.git/worktrees', recordName(path));
  const [pointer, head] = await Promise.all([readText(join(path, '.git')), readText(join(record, 'HEAD'))]);
  const expected = isArchive ? undefined : `gitdir: ${relative(path, record)}\n`;
  return pointer === expected && head === `${hash}\n`;
}

/**
 * Whether the tree of a commit is there, has anything in it, tells its readers' git that it is at that commit, or tells
 * nothing where it is to be an archive, and has the directory that is published.
 */
export async function checkTree(
  root: string,
  path: string,
  hash: string,
  { below, isArchive }: TreeShape = WHOLE,
): Promise<TreeState> {
  const entries = await withTree(root, path, async (tree) => tree?.list(1));
  if (entries === undefined) {
    return 'missing';
  }
  if (entries.length === 0) {
    return 'empty';
  }
  const isAsAsked =
    (await isTold(root, path, hash, isArchive)) &&
    (below === '' || (await isDirectory(root, join(path, below))));
  return isAsAsked ? 'ok' : 'wrong-commit';
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
