/** The link that consumers follow: read, and switched in one atomic step. */
import { readlink, utimes } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
import { systemErrorCode } from '../../core/errors.ts';
import { FILE_ERRORS } from '../../core/files/file-error.ts';
import { makeDirectory, removeLeftovers, switchSymlink } from '../../core/files.ts';
import type { Log } from '../../core/log/log.ts';

/**
 * The absolute path that the link points to, or undefined when there is no link.
 * @throws PillionError `link_not_symlink` when something else stands in its place.
 */
export async function readPublished(link: string): Promise<string | undefined> {
  try {
    const target = await readlink(link);
    return resolve(dirname(link), target);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') {
      return undefined;
    }
    if (code === 'EINVAL') {
      throw FILE_ERRORS.link_not_symlink({ path: link, option: '--link' }, { cause: error });
    }
    throw error;
  }
}

/** Points the link at a tree, relative, so that it holds wherever the volume is mounted. */
export async function publish(link: string, treePath: string, log: Log): Promise<void> {
  const directory = dirname(link);
  await makeDirectory(directory);
  await removeLeftovers(directory, basename(link));
  const target = relative(directory, treePath);
  log.at(2, 'creating and renaming symlink', { link, target });
  await switchSymlink(link, target);
}

/** The tree's age for --stale-worktree-timeout counts from the moment it stops being the published one. */
export async function markStale(treePath: string): Promise<void> {
  const now = new Date();
  await utimes(treePath, now, now).catch(() => {});
}
