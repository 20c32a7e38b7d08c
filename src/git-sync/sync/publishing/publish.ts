/** The link that consumers follow: read, and switched in one atomic step. */
import { basename, dirname, relative, resolve } from 'node:path';
import { LINK_ERRORS } from '../../../core/files/symlink.ts';
import { withDirectory } from '../../../core/foreign-files/below.ts';
import { type ForeignDirectory, withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { switchSymlinkIn } from '../../../core/foreign-files/switch-symlink.ts';
import type { Log } from '../../../core/log/log.ts';
import { hasLeftovers, isOurCopy } from '../copy/records.ts';
import { type InTree, splitAtTree } from './layout.ts';
import { saysMissing, withPlace } from './place.ts';

/** A directory that holds nothing, or nothing but what a git-sync has copied there: no less is lost than with a link. */
async function isReplaceable(holder: ForeignDirectory, name: string): Promise<boolean> {
  const directory = await holder.open(name);
  try {
    return directory !== undefined && (await isOurCopy(directory));
  } finally {
    await directory?.close();
  }
}

/**
 * The absolute path that the link points to, or undefined when there is no link. An empty directory in its place, or a
 * copy of an earlier `--publish=copy`, counts as none: the link will replace it.
 * @throws PillionError `link_not_symlink` when something else stands in its place.
 */
export async function readPublished(link: string): Promise<string | undefined> {
  const holder = dirname(link);
  const name = basename(link);
  try {
    return await withForeignRoot(holder, async (directory) => {
      const target = await directory.readlink(name);
      const isTaken = target === undefined && (await directory.stat(name)) !== undefined;
      if (isTaken && !(await isReplaceable(directory, name))) {
        throw LINK_ERRORS.link_not_symlink({ path: link, option: '--link' });
      }
      return target === undefined ? undefined : resolve(holder, target);
    });
  } catch (error) {
    if (saysMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

/** The same as the tree that the link leads into, and the way in it. */
export async function readPublishedTree(root: string, link: string): Promise<InTree | undefined> {
  const path = await readPublished(link);
  return path === undefined ? undefined : splitAtTree(root, path);
}

/** Whether there may be a copy of an earlier `--publish=copy`, or what a crash left of one. */
async function hasCopy(directory: ForeignDirectory, name: string): Promise<boolean> {
  return (await directory.stat(name))?.isDirectory() === true || (await hasLeftovers(directory, name));
}

/** Removes what a crash left when a copy gave its place to the link. */
export async function tidyLink(root: string, link: string, log: Log): Promise<void> {
  await withPlace(root, link, async (directory, name) => {
    if (await hasLeftovers(directory, name)) {
      const { removeCopyLeftovers } = await import('../copy/retire.ts');
      await removeCopyLeftovers(directory, name, log);
    }
  });
}

/** Points the link at a tree, or a directory in one, relative, so that it holds wherever the volume is mounted. */
export async function publish(root: string, link: string, treePath: string, log: Log): Promise<void> {
  const target = relative(dirname(link), treePath);
  await withPlace(root, link, async (directory, name) => {
    await directory.removeHalfWritten(name);
    log.at(2, 'creating and renaming symlink', { link, target });
    await directory.removeIfEmpty(name);
    const copies = (await hasCopy(directory, name)) ? await import('../copy/retire.ts') : undefined;
    await copies?.moveCopyAway(directory, name, log);
    await switchSymlinkIn(directory, name, target);
    await copies?.removeRetiredCopy(directory, name, log);
  });
}

/** The tree's age for --stale-worktree-timeout counts from the moment it stops being the published one. */
export async function markStale(root: ForeignDirectory, path: string): Promise<void> {
  const holder = dirname(path);
  await withDirectory(root, holder === '.' ? '' : holder, async (directory) =>
    directory?.utimes(basename(path), new Date()),
  ).catch(() => undefined);
}
