/** Whether a volume holds anything that is its own. */
import { opendir } from 'node:fs/promises';
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { type ByteName, shownName } from '../../core/foreign-files/entry-name.ts';
import { mountsOf } from '../../core/foreign-files/mounts.ts';
import { NO_CONTENT } from '../model.ts';

/** A volume with more entries than that is not looked at any closer. */
const MAX_MOUNTS = 1000;

/**
 * What is mounted in a volume is no content of it, nor are the directories that are there for it alone.
 * @param ignored names besides {@link NO_CONTENT} that count for nothing
 */
export async function isEmpty(volume: string, ignored: readonly string[]): Promise<boolean> {
  const nothing = new Set([...NO_CONTENT, ...ignored]);
  const found: string[] = [];
  for await (const { name } of await opendir(volume, { encoding: 'latin1' })) {
    if (nothing.has(shownName(name))) {
      continue;
    }
    found.push(name);
    if (found.length > MAX_MOUNTS) {
      return false;
    }
  }
  return found.length === 0 || holdsOnlyMounts(volume, found);
}

function holdsOnlyMounts(volume: string, names: readonly ByteName[]): boolean {
  const root = openByteRoot(volume);
  try {
    const mounts = mountsOf(root);
    return mounts.size > 0 && names.every((name) => isForMounts(root, name, name, mounts));
  } finally {
    root.close();
  }
}

function isForMounts(
  parent: ByteDirectory,
  name: ByteName,
  path: string,
  mounts: ReadonlySet<string>,
): boolean {
  if (mounts.has(path)) {
    return true;
  }
  const isAbove = [...mounts].some((mount) => mount.startsWith(`${path}/`));
  const directory = isAbove ? parent.open(name) : undefined;
  try {
    return (
      directory?.names().every((child) => isForMounts(directory, child, `${path}/${child}`, mounts)) ?? false
    );
  } finally {
    directory?.close();
  }
}
