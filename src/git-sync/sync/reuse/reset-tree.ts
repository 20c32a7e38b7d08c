/**
 * Makes the tree of one commit that of another. Nothing in it is believed: it is taken only if no directory has changed
 * since nobody else could enter it, git writes again each file that has changed or was touched since, and then each
 * directory has exactly the entries of the commit.
 */
import { basename, dirname, relative } from 'node:path';
import { withDirectory, withMadeDirectory } from '../../../core/foreign-files/below.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { countBelow } from '../../../core/foreign-files/stats-below.ts';
import type { ObjectFormat } from '../../../git/object-name.ts';
import type { TreeListing } from '../../../git/tree-listing.ts';
import type { LockedContext } from '../context.ts';
import type { WholeTree } from '../repository/tree-view.ts';
import { checkOutFiles, makeRoom, treeOf } from '../repository/worktree.ts';
import { readStates } from './directory-states.ts';
import { examine, identityOf, type TreeFacts } from './examine.ts';
import { findTouched } from './file-states.ts';
import { type KnownTree, keptStates, moveIndex } from './kept-files.ts';

/** Whatever the user has configured: git compares all times of a file, and its own list of files is in one piece. */
const STRICT = ['-c', 'core.trustctime=true', '-c', 'core.checkStat=default', '-c', 'core.ignoreStat=false'];

/** Why a tree cannot become another: it stays what it is, or is as good as an incomplete one. */
class Unsuitable extends Error {}

/** @throws Unsuitable when somebody has changed a directory of the tree, or a file where git could not see it */
async function compareStates(
  top: ForeignDirectory,
  tree: KnownTree,
  format: ObjectFormat,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if ((await identityOf(top)) !== tree.identity) {
    throw new Unsuitable('another directory is in its place');
  }
  const known = await keptStates(tree);
  const now = await readStates(top, [...known.keys()], signal);
  for (const [path, text] of known) {
    if (now.get(path)?.text !== text) {
      throw new Unsuitable(`its directory ${JSON.stringify(path)} has changed`);
    }
  }
  const { indexFile, newestSecond } = tree;
  const touched = await findTouched(top, indexFile, { format, newestSecond }, signal);
  if (touched !== undefined) {
    throw new Unsuitable(`its file ${JSON.stringify(touched)} has changed`);
  }
  return known;
}

/** @throws Unsuitable when a directory that git has changed holds anything but what is in the commit */
async function compareEntries(
  top: ForeignDirectory,
  { directories }: TreeListing,
  before: ReadonlyMap<string, string>,
  { states }: TreeFacts,
  signal: AbortSignal,
): Promise<void> {
  const gone = [...before.keys()].filter((path) => !directories.has(path));
  if ((await readStates(top, gone, signal)).size > 0) {
    throw new Unsuitable('a directory that is not in the commit stays');
  }
  for (const [path, count] of directories) {
    const isSame = path !== '' && before.get(path) === states.get(path)?.text;
    if (!isSame && (await countBelow(top, path, count, signal)) !== count) {
      throw new Unsuitable(`its directory ${JSON.stringify(path)} has not the entries of the commit`);
    }
  }
}

/** Makes it another while no other user can enter it. */
async function resetLocked(
  context: LockedContext,
  top: ForeignDirectory,
  from: KnownTree,
  before: ReadonlyMap<string, string>,
  { path, hash, listing }: Target,
  signal: AbortSignal,
): Promise<WholeTree> {
  await top.removeTree('.git');
  const tree = treeOf(context, path, hash);
  await moveIndex(from.indexFile, tree.indexFile);
  await checkOutFiles(context, tree, top.pathForChildren, undefined, signal, STRICT);
  const facts = await examine(context, top, { ...tree, listing }, signal);
  if (facts === undefined) {
    throw new Unsuitable('others can write to it');
  }
  await compareEntries(top, listing, before, facts, signal);
  const { indexFile } = tree;
  return { path, hash, indexFile, sparsePatterns: undefined, modules: [], facts };
}

export interface Target {
  /** Where the tree of the commit belongs; absolute. No link leads there. */
  readonly path: string;
  readonly hash: string;
  readonly listing: TreeListing;
}

/**
 * Moves a tree that nobody uses to another place and resets it to another commit. Rejects when that cannot be done
 * without doubt: what is left at either place then is as good as an incomplete tree.
 */
export async function resetTree(
  context: LockedContext,
  from: KnownTree,
  target: Target,
  signal: AbortSignal,
): Promise<WholeTree> {
  const { root, open } = context;
  if (from.path !== target.path) {
    await makeRoom(context, target.path, signal);
  }
  const below = (path: string) => relative(root, dirname(path));
  return withDirectory(open.directory, below(from.path), async (holder) => {
    if (holder === undefined) {
      throw new Unsuitable('it is gone');
    }
    const { directory: top, unlock } = await holder.guardedBy(signal).lock(basename(from.path));
    try {
      const before = await compareStates(top, from, context.shared.current().format, signal);
      await withMadeDirectory(open.directory, below(target.path), 0o777, (to) =>
        holder.rename(basename(from.path), to, basename(target.path)),
      );
      const tree = await resetLocked(context, top, from, before, target, signal);
      await unlock();
      return tree;
    } finally {
      await top.close();
    }
  });
}
