/** What of a directory is content, and what it takes to move it to another directory. */
import process from 'node:process';
import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import type { ByteName } from '../../core/foreign-files/entry-name.ts';
import { NO_CONTENT } from '../model.ts';
import type { Journal } from './records.ts';

export type JournalModes = Journal['modes'];

const NOT_MOVED = new Set(NO_CONTENT);
const OWNER_WRITES = 0o200n;

/** The entries of a volume's root that are moved. */
export const contentNames = (directory: ByteDirectory): ByteName[] =>
  directory.names().filter((name) => !NOT_MOVED.has(name));

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
