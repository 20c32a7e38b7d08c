import { lstat, rename, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { defineErrors, systemErrorCode } from '../errors.ts';
import { type FileFacts, fileError, hintOfFailure } from './file-error.ts';
import { fsyncDirectory } from './fsync.ts';
import { removeIfExists, temporaryName } from './leftovers.ts';

interface Place {
  readonly path: string;
  /** The option that names the link. */
  readonly option?: string;
}

/** Next to what raises them, since most commands switch no link: their references list none of these. */
export const LINK_ERRORS = defineErrors({
  switch_failed: {
    message: ({ path, why }: FileFacts) => `cannot switch ${path}: ${why}`,
    hint: hintOfFailure,
    about: 'a symbolic link could not be pointed at another target; it leads where it led before',
  },
  link_not_symlink: {
    message: ({ path }: Place) => `the link path ${path} exists and is not a symbolic link`,
    hint: ({ option = 'name for the link' }: Place) =>
      `move it away, or choose another ${option}; nothing was changed`,
    about: 'something else stands where the link is to be: move it away, or choose another name for the link',
  },
});

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
    throw fileError(LINK_ERRORS.switch_failed, shownPath, error);
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
    throw LINK_ERRORS.link_not_symlink({ path: shownPath }, { facts });
  }
}
