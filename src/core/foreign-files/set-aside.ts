/**
 * Places in a shared directory that are ours alone by name: whatever somebody else has put there is renamed, never followed
 * and never lost, and keeps us from nothing.
 */
import type { Log } from '../log/log.ts';
import { randomId } from '../random-id.ts';
import { namesOf, walk } from './below.ts';
import type { ForeignDirectory } from './directory.ts';

/** A name that nobody looks at; what stood there stays, should somebody miss it. */
export const asideName = (name: string) => `${name}.set-aside-${randomId()}`;

/** Opens or makes a directory. What else is in its place is renamed: a link is never followed. */
export async function ensureDirectory(
  parent: ForeignDirectory,
  name: string,
  log: Log,
): Promise<ForeignDirectory> {
  for (let attempt = 0; ; attempt += 1) {
    const found = await parent.make(name);
    if (found !== undefined || attempt === 3) {
      return found ?? (await parent.openOrThrow(name));
    }
    log.warn('what is in the place of a directory of the repository is set aside', {
      path: `${parent.shownPath}/${name}`,
    });
    await parent.rename(name, parent, asideName(name));
  }
}

/** The same for a path of several parts, for the time of `use`. */
export function withEnsuredDirectory<T>(
  top: ForeignDirectory,
  path: string,
  log: Log,
  use: (directory: ForeignDirectory) => Promise<T>,
): Promise<T> {
  return walk(
    top,
    namesOf(path),
    (directory, name) => ensureDirectory(directory, name, log),
    (directory) => use(directory ?? top),
  );
}

/**
 * Renames a directory that stands where a file is to be; anything else is replaced when the file is written.
 * @returns whether there was one
 */
export async function makeRoomForFile(directory: ForeignDirectory, name: string, log: Log): Promise<boolean> {
  if ((await directory.stat(name))?.isDirectory() !== true) {
    return false;
  }
  log.warn('a directory in the place of a file of the repository is set aside', {
    path: `${directory.shownPath}/${name}`,
  });
  await directory.rename(name, directory, asideName(name));
  return true;
}

/**
 * Writes a file by `write`. A directory in its place makes that fail and is set aside then: there hardly ever is one, so
 * nothing is looked at before.
 */
export async function writeInPlace(
  directory: ForeignDirectory,
  name: string,
  log: Log,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(await makeRoomForFile(directory, name, log).catch(() => false))) {
      throw error;
    }
    await write();
  }
}
