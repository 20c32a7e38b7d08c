/** Whether a volume holds anything that is its own. */
import { opendir } from 'node:fs/promises';
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { type ByteName, pathsAbove, shownName } from '../../core/foreign-files/entry-name.ts';
import { mountsOf } from '../../core/foreign-files/mounts.ts';
import { joined } from '../manifest/entry.ts';
import { NO_CONTENT } from '../model.ts';

/** A volume with more entries than that, or deeper, is not looked at any closer. */
const MAX_ENTRIES = 10_000;
const MAX_DEPTH = 64;

/**
 * What is mounted in a volume is no content of it, nor are the directories that are there for it alone.
 * @param ignored names besides {@link NO_CONTENT} that count for nothing
 */
export async function isEmpty(volume: string, ignored: readonly string[]): Promise<boolean> {
  const nothing = new Set([...NO_CONTENT, ...ignored]);
  for await (const { name } of await opendir(volume)) {
    if (!nothing.has(name)) {
      return isAllOf(volume, ignored, ({ isMount, isAboveMount }) => isMount || isAboveMount);
    }
  }
  return true;
}

/**
 * Whether there is nothing but directories and empty files, which is what mounts leave behind where they were.
 * @param ignored names besides {@link NO_CONTENT} that count for nothing
 */
export const holdsNoData = (volume: string, ignored: readonly string[]): boolean =>
  isAllOf(volume, ignored, ({ isMount, isDirectory, isEmptyFile }) => isMount || isDirectory || isEmptyFile);

interface Kind {
  readonly isMount: boolean;
  /** A directory with a mount somewhere below. */
  readonly isAboveMount: boolean;
  readonly isDirectory: boolean;
  readonly isEmptyFile: boolean;
}

function isAllOf(volume: string, ignored: readonly string[], isNothing: (kind: Kind) => boolean): boolean {
  const nothing = new Set([...NO_CONTENT, ...ignored]);
  const root = openByteRoot(volume);
  try {
    const isNothingAt = createEmptyCheck(mountsOf(root), isNothing);
    return root.names().every((name) => nothing.has(shownName(name)) || isNothingAt(root, name, name));
  } finally {
    root.close();
  }
}

/** Gives a function that tells whether an entry, with all below, counts for nothing. */
function createEmptyCheck(mounts: ReadonlySet<string>, isNothing: (kind: Kind) => boolean) {
  const above = new Set([...mounts].flatMap(pathsAbove));
  let seen = 0;

  function isNothingAt(parent: ByteDirectory, name: ByteName, path: string): boolean {
    seen += 1;
    const status = parent.stat(name);
    const isMount = mounts.has(path);
    const isDirectory = status?.isDirectory() === true;
    const isEmptyFile = status?.isFile() === true && status.size === 0n;
    const kind = { isMount, isAboveMount: isDirectory && above.has(path), isDirectory, isEmptyFile };
    if (seen > MAX_ENTRIES || path.split('/').length > MAX_DEPTH || !isNothing(kind)) {
      return false;
    }
    return isMount || !isDirectory || holdsNothing(parent.open(name), path);
  }

  function holdsNothing(directory: ByteDirectory | undefined, path: string): boolean {
    try {
      return directory?.names().every((name) => isNothingAt(directory, name, joined(path, name))) ?? false;
    } catch {
      return false; // What may not be looked into may hold anything.
    } finally {
      directory?.close();
    }
  }

  return isNothingAt;
}
