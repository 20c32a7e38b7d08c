/** The link that consumers follow: read, and switched in one atomic step. */
import { basename, dirname, relative, resolve } from 'node:path';
import { FILE_ERRORS } from '../../core/files/file-error.ts';
import { withDirectory } from '../../core/foreign-files/below.ts';
import { type ForeignDirectory, withForeignRoot } from '../../core/foreign-files/directory.ts';
import type { Log } from '../../core/log/log.ts';
import { saysMissing, withPlace } from './place.ts';

async function isEmptyDirectory(holder: ForeignDirectory, name: string): Promise<boolean> {
  const directory = await holder.open(name);
  try {
    return directory !== undefined && (await directory.list(1)).length === 0;
  } finally {
    await directory?.close();
  }
}

/**
 * The absolute path that the link points to, or undefined when there is no link. An empty directory in its place holds
 * nothing that could be lost: it counts as none, and the link will replace it.
 * @throws PillionError `link_not_symlink` when something else stands in its place.
 */
export async function readPublished(link: string): Promise<string | undefined> {
  const holder = dirname(link);
  const name = basename(link);
  try {
    return await withForeignRoot(holder, async (directory) => {
      const target = await directory.readlink(name);
      const isTaken = target === undefined && (await directory.stat(name)) !== undefined;
      if (isTaken && !(await isEmptyDirectory(directory, name))) {
        throw FILE_ERRORS.link_not_symlink({ path: link, option: '--link' });
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

/** Points the link at a tree, relative, so that it holds wherever the volume is mounted. */
export async function publish(root: string, link: string, treePath: string, log: Log): Promise<void> {
  const target = relative(dirname(link), treePath);
  await withPlace(root, link, async (directory, name) => {
    await directory.removeLeftovers(name);
    log.at(2, 'creating and renaming symlink', { link, target });
    await directory.removeIfEmpty(name);
    await directory.switchSymlink(name, target);
  });
}

/** The tree's age for --stale-worktree-timeout counts from the moment it stops being the published one. */
export async function markStale(root: ForeignDirectory, path: string): Promise<void> {
  const holder = dirname(path);
  await withDirectory(root, holder === '.' ? '' : holder, async (directory) =>
    directory?.utimes(basename(path), new Date()),
  ).catch(() => undefined);
}
