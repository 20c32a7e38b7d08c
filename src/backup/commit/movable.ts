/** What of a directory is content, and what it takes to move it to another directory. */
import process from 'node:process';
import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import { type ByteName, shownName } from '../../core/foreign-files/entry-name.ts';
import { mountsOf } from '../../core/foreign-files/mounts.ts';
import { NO_CONTENT, OWN_FOLDER } from '../model.ts';
import { COMMIT_ERRORS } from './errors.ts';
import { QUARANTINE, STAGE } from './names.ts';
import type { Journal } from './records.ts';

export type JournalModes = Journal['modes'];

const NOT_MOVED = new Set(NO_CONTENT);
const OWNER_WRITES = 0o200n;

/** The entries of a volume's root that are moved: what is mounted there cannot be, and is none of its content. */
export function contentNames(directory: ByteDirectory): ByteName[] {
  const mounts = mountsOf(directory);
  return directory.names().filter((name) => !NOT_MOVED.has(name) && !mounts.has(name));
}

/** Below these nothing can be moved to another mount, nor should anything be mounted that is removed with them. */
const OWN_PLACES = [OWN_FOLDER, `${OWN_FOLDER}/${STAGE}`, `${OWN_FOLDER}/${QUARANTINE}`];

/**
 * What is mounted deeper in a volume would be moved with what it lies in, out of the sight of whoever uses it; and a snapshot
 * may have something of its own where something is mounted.
 * @param source the root of a stage, where there is one
 * @param isMoved whether an entry of the volume's root is moved; by default all are
 * @throws PillionError `mount_in_the_way`
 */
export function requireNoMountInTheWay(
  volume: ByteDirectory,
  source?: ByteDirectory,
  isMoved: (name: ByteName) => boolean = (name) => !NOT_MOVED.has(name),
): void {
  for (const path of mountsOf(volume)) {
    const [first = '', ...deeper] = path.split('/');
    const isInTheWay =
      OWN_PLACES.some((place) => path === place || (place !== OWN_FOLDER && path.startsWith(`${place}/`))) ||
      (deeper.length === 0 ? source !== undefined && !isPlaceholder(source, first) : isMoved(first));
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
