/** The record of a commit that is under way. Its name says how far it is, and a rename is what makes it go on. */
import { fsyncDirectory } from '../../core/files/fsync.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { readRecord, writeRecord } from './own-folder.ts';
import { type Journal, journalRecord, parseJournal } from './records.ts';

/** In this order, of which the last three are only for what is judged: it is kept, or taken back. */
export type Phase =
  /** What the volume holds goes to quarantine. */
  | 'clear'
  /** The stage goes to the volume. */
  | 'fill'
  /** Everything is in place, and is looked at. */
  | 'judge'
  /** The marker is written, and the stage removed. */
  | 'keep'
  /** What came from the stage goes back there. */
  | 'empty'
  /** What went to quarantine comes back. */
  | 'refill';

const PHASES: readonly Phase[] = ['clear', 'fill', 'judge', 'keep', 'empty', 'refill'];

const fileOf = (phase: Phase): string => `journal-${phase}.json`;

/** Called after each step; tests end the process there. */
export type OnStep = (step: string) => void;

/** A journal, and how far it is. */
export interface BegunJournal {
  readonly journal: Journal;
  readonly phase: Phase;
}

/** It has a name for each entry of the volume's root, when it can be taken back. */
const MAX_BYTES = 64 * 1024 * 1024;

/** @throws PillionError `record_invalid` for one that cannot be ours */
export async function readJournal(folder: ForeignDirectory): Promise<BegunJournal | undefined> {
  for (const phase of PHASES) {
    const journal = await readRecord(folder, fileOf(phase), parseJournal, MAX_BYTES);
    if (journal !== undefined) {
      return { journal, phase };
    }
  }
  return undefined;
}

export async function writeJournal(folder: ForeignDirectory, journal: Journal): Promise<BegunJournal> {
  const record = journalRecord(journal);
  parseJournal(JSON.parse(JSON.stringify(record))); // or it could not be read again
  await writeRecord(folder, fileOf('clear'), record);
  return { journal, phase: 'clear' };
}

export async function moveOn(
  folder: ForeignDirectory,
  { journal, phase }: BegunJournal,
  next: Phase,
): Promise<BegunJournal> {
  if ((await folder.stat(fileOf(phase))) !== undefined) {
    await folder.rename(fileOf(phase), folder, fileOf(next));
    await fsyncDirectory(folder.path);
  }
  return { journal, phase: next };
}

export async function removeJournal(folder: ForeignDirectory, phase: Phase): Promise<void> {
  await folder.remove(fileOf(phase));
  await fsyncDirectory(folder.path);
}
