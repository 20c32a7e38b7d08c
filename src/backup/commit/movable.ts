/** What of a directory is content, and what it takes to move it to another directory. */
import process from 'node:process';
import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import { type ByteName, shownName } from '../../core/foreign-files/entry-name.ts';
import { mountsOf } from '../../core/foreign-files/mounts.ts';
import { NO_CONTENT, OWN_FOLDER } from '../model.ts';
import { COMMIT_ERRORS } from './errors.ts';
import type { Journal } from './records.ts';

export type JournalModes = Journal['modes'];

const NOT_MOVED = new Set(NO_CONTENT);
const OWNER_WRITES = 0o200n;

/** The entries of a volume's root that are moved: what is mounted there cannot be, and is none of its content. */
export function contentNames(directory: ByteDirectory): ByteName[] {
  const mounts = mountsOf(directory);
  return directory.names().filter((name) => !NOT_MOVED.has(name) && !mounts.has(name));
}

/**
 * What is mounted deeper in a volume would be moved with what it lies in, out of the sight of whoever uses it; and a snapshot
 * may have something of its own where something is mounted. Nothing can be moved to our own folder on another mount.
 * @param source the root of a stage, where there is one
 * @param isCleared what lies on the volume already has been moved, as far as nothing of the stage takes its place
 * @throws PillionError `mount_in_the_way`
 */
export function requireNoMountInTheWay(
  volume: ByteDirectory,
  source?: ByteDirectory,
  { isCleared = false }: { readonly isCleared?: boolean } = {},
): void {
  for (const path of mountsOf(volume)) {
    const [first = '', ...deeper] = path.split('/');
    const isInTheWay =
      first === OWN_FOLDER ||
      (deeper.length === 0
        ? source !== undefined && !isPlaceholder(source, first)
        : first !== 'lost+found' && (!isCleared || source?.stat(first) !== undefined));
    if (isInTheWay) {
      throw COMMIT_ERRORS.mount_in_the_way({ path: `${volume.shownPath}/${shownName(path)}` });
    }
  }
}

/** Nothing, or what something was mounted on when the snapshot was made: an empty directory or file. */
function isPlaceholder(source: ByteDirectory, name: ByteName): boolean {
  const status = source.stat(name);
  if (status?.isDirectory() !== true) {
    return status === undefined || (status.isFile() && status.size === 0n);
  }
  const directory = source.open(name);
  const isEmpty = directory?.names().length === 0;
  directory?.close();
  return isEmpty;
}

/**
 * To move a directory, who is not root must be able to write to it, as its `..` changes. It is asked for here and not
 * given: that is part of what the journal repeats.
 * @returns the mode that it has, to be given back
 */
export function makeMovable(parent: ByteDirectory, name: ByteName, isNew: boolean): JournalModes {
  const status = parent.stat(name);
  const isLocked = status?.isDirectory() === true && (status.mode & OWNER_WRITES) === 0n;
  return isLocked && process.geteuid?.() !== 0 ? [{ name, isNew, mode: Number(status.mode) & 0o7777 }] : [];
}
