/** Where the user has told us to write: below the root, where others write too, or elsewhere, where the user knows. */
import { basename, dirname, relative } from 'node:path';
import { FILE_ERRORS } from '../../../core/files/file-error.ts';
import { makeDirectory } from '../../../core/files.ts';
import { withDirectory, withMadeDirectory } from '../../../core/foreign-files/below.ts';
import {
  type ForeignDirectory,
  openForeignRoot,
  withForeignRoot,
} from '../../../core/foreign-files/directory.ts';
import { isInside } from './layout.ts';

/**
 * Runs `use` with the directory that `path` is in, made where it is missing, and with its name there. Below the root no
 * link is followed on the way; a directory elsewhere is trusted.
 * @param path absolute
 * @throws PillionError `not_a_directory`, or the system's error
 */
export async function withPlace<T>(
  root: string,
  path: string,
  use: (directory: ForeignDirectory, name: string) => Promise<T>,
): Promise<T> {
  const holder = dirname(path);
  const name = basename(path);
  if (isInside(root, path)) {
    await makeDirectory(root);
    return withForeignRoot(root, (top) =>
      withMadeDirectory(top, relative(root, holder), 0o777, (directory) => use(directory, name)),
    );
  }
  await makeDirectory(holder);
  return withForeignRoot(holder, (directory) => use(directory, name));
}

/** Whether an error says that a file or directory is not there. */
export const saysMissing = (error: unknown): boolean =>
  FILE_ERRORS.read_failed.matches(error) && error.facts['systemCode'] === 'ENOENT';

/** The same for a directory below the root that is not made: undefined when there is none, or a link. */
export async function withTree<T>(
  root: string,
  path: string,
  use: (directory: ForeignDirectory | undefined) => Promise<T>,
): Promise<T> {
  const isBelow = path === root || isInside(root, path);
  const top = isBelow ? await openForeignRoot(root).catch(undefinedIfMissing) : undefined;
  if (top === undefined) {
    return use(undefined);
  }
  try {
    return await withDirectory(top, relative(root, path), use);
  } finally {
    await top.close();
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (!saysMissing(error)) {
    throw error;
  }
  return undefined;
}
