/** Work at paths of several parts below an open directory: each part is opened by itself, and none may be a link. */
import type { ForeignDirectory, ReadLimits } from './directory.ts';
import { FOREIGN_FILE_ERRORS } from './errors.ts';
import type { ForeignContent } from './read-file.ts';
import type { Removal } from './remove-tree.ts';

/** The names of a path, the empty one having none. */
export function namesOf(path: string): readonly string[] {
  return path === '' ? [] : path.split('/');
}

function split(path: string): { readonly directories: readonly string[]; readonly name: string } {
  const parts = path.split('/');
  return { directories: parts.slice(0, -1), name: parts.at(-1) ?? '' };
}

/** Opens each directory of a path by `step`, for the time of `use`; undefined where one step finds none. */
export async function walk<T>(
  top: ForeignDirectory,
  names: readonly string[],
  step: (directory: ForeignDirectory, name: string) => Promise<ForeignDirectory | undefined>,
  use: (directory: ForeignDirectory | undefined) => Promise<T>,
): Promise<T> {
  let current = top;
  try {
    for (const name of names) {
      const next = await step(current, name);
      if (current !== top) {
        await current.close();
      }
      if (next === undefined) {
        current = top;
        return await use(undefined);
      }
      current = next;
    }
    return await use(current);
  } finally {
    if (current !== top) {
      await current.close();
    }
  }
}

/** Opens the directory at a path of several parts for the time of `use`; undefined where one of them is no directory. */
export function withDirectory<T>(
  top: ForeignDirectory,
  path: string,
  use: (directory: ForeignDirectory | undefined) => Promise<T>,
): Promise<T> {
  return walk(top, namesOf(path), (directory, name) => directory.open(name), use);
}

/**
 * The same, and makes the directories that are missing.
 * @throws PillionError `not_a_directory` where something else is in the place of one
 */
export function withMadeDirectory<T>(
  top: ForeignDirectory,
  path: string,
  mode: number,
  use: (directory: ForeignDirectory) => Promise<T>,
): Promise<T> {
  return walk(
    top,
    namesOf(path),
    (directory, name) => directory.make(name, mode),
    async (directory) => {
      if (directory === undefined) {
        throw FOREIGN_FILE_ERRORS.not_a_directory({ path: `${top.shownPath}/${path}` });
      }
      return use(directory);
    },
  );
}

export function readBelow(top: ForeignDirectory, path: string, limits?: ReadLimits): Promise<ForeignContent> {
  const { directories, name } = split(path);
  return withDirectory(top, directories.join('/'), (directory) =>
    directory === undefined ? Promise.resolve({ kind: 'missing' }) : directory.read(name, limits),
  );
}

/**
 * Removes what is at a path of several parts, with everything below it. Nothing there is no error, and what cannot be
 * removed is in the result: the caller decides what it means.
 */
export function removeBelow(top: ForeignDirectory, path: string, signal?: AbortSignal): Promise<Removal> {
  const { directories, name } = split(path);
  const guarded = signal === undefined ? top : top.guardedBy(signal);
  return withDirectory(guarded, directories.join('/'), async (directory) =>
    directory === undefined ? { removed: 0, kept: [] } : await directory.removeTree(name),
  );
}
