import { lstat, rename, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import { FILE_ERRORS, fileError } from './file-error.ts';
import { fsyncDirectory } from './fsync.ts';
import { removeIfExists, temporaryName } from './leftovers.ts';

/**
 * Points a symbolic link at another target: a reader arrives at the former target or the new one, always.
 * The target is stored as given, so a relative one is relative to the link's directory, and it need not exist.
 * @param shownPath what errors call the link
 * @throws PillionError `link_not_symlink` when something else is in the place of the link, `switch_failed` otherwise;
 * the link is as it was and nothing is left behind
 */
export async function switchSymlink(
  linkPath: string,
  target: string,
  shownPath: string = linkPath,
): Promise<void> {
  const directory = dirname(linkPath);
  const temporary = join(directory, temporaryName(basename(linkPath)));
  try {
    await refuseOther(linkPath, shownPath);
    await symlink(target, temporary);
    await rename(temporary, linkPath);
    await fsyncDirectory(directory);
  } catch (error) {
    await removeIfExists(temporary).catch(() => undefined); // the first failure is the one to tell
    throw fileError(FILE_ERRORS.switch_failed, shownPath, error);
  }
}

/** A rename would replace a file without a word, and somebody's file is not ours to destroy. */
async function refuseOther(linkPath: string, shownPath: string): Promise<void> {
  const found = await lstat(linkPath).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  if (found !== undefined && !found.isSymbolicLink()) {
    const facts = { path: shownPath, directory: found.isDirectory() };
    throw FILE_ERRORS.link_not_symlink({ path: shownPath }, { facts });
  }
}
