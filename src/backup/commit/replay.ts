/**
 * The journal of a commit. Each step may be done any number of times, so that a kill at any of them is mended by doing all
 * again: an entry that is not where it was is where it has to be.
 */
import { isPillionError } from '../../core/errors.ts';
import { fsyncDirectory } from '../../core/files/fsync.ts';
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import type { ByteName } from '../../core/foreign-files/entry-name.ts';
import { type Committed, OWN_FOLDER } from '../model.ts';
import { COMMIT_ERRORS } from './errors.ts';
import { MARKER_FILE } from './marker.ts';
import { contentNames, type JournalModes } from './movable.ts';
import { readRecord, writeRecord } from './own-folder.ts';
import { pruneQuarantines, QUARANTINE } from './quarantine.ts';
import { type Journal, journalRecord, parseJournal } from './records.ts';
import { discardStage, STAGE, TARGET } from './stage.ts';

/** The journal's name says what is done: what the volume holds goes to quarantine, then the stage to the volume. */
const CLEARING = 'journal-clear.json';
const FILLING = 'journal-fill.json';
/** Written before, so that nothing of a commit needs room on a disk that is full: all that follows are renames. */
const NEXT_MARKER = 'marker-next.json';
const PRIVATE_MODE = 0o700;

/** Called after each step; tests end the process there. */
export type OnStep = (step: string) => void;

/** A journal, and how far it is. */
export interface BegunJournal {
  readonly journal: Journal;
  readonly isCleared: boolean;
}

export async function readJournal(folder: ForeignDirectory): Promise<BegunJournal | undefined> {
  const clearing = await readRecord(folder, CLEARING, parseJournal);
  if (clearing !== undefined) {
    return { journal: clearing, isCleared: false };
  }
  const filling = await readRecord(folder, FILLING, parseJournal);
  return filling === undefined ? undefined : { journal: filling, isCleared: true };
}

/** From here on the commit will be done, by this process or a later one. */
export async function beginJournal(
  folder: ForeignDirectory,
  journal: Journal,
  step: OnStep,
): Promise<BegunJournal> {
  parseJournal(JSON.parse(JSON.stringify(journalRecord(journal)))); // or it could not be read again
  const quarantines = await ensure(folder, QUARANTINE);
  try {
    await (await ensure(quarantines, journal.quarantine)).close();
    await fsyncDirectory(quarantines.path);
  } finally {
    await quarantines.close();
  }
  step('quarantine');
  await writeRecord(folder, NEXT_MARKER, journal.marker);
  step('next marker');
  await writeRecord(folder, CLEARING, journalRecord(journal));
  step('journal');
  return { journal, isCleared: false };
}

async function ensure(parent: ForeignDirectory, name: string): Promise<ForeignDirectory> {
  return (await parent.make(name, PRIVATE_MODE)) ?? (await parent.openOrThrow(name));
}

/** Does what the journal says, from where it stands to its end. */
export async function replay(
  folder: ForeignDirectory,
  volumePath: string,
  { journal, isCleared }: BegunJournal,
  step: OnStep = () => {},
): Promise<Committed> {
  const places = openPlaces(volumePath, journal);
  let hasOld: boolean;
  try {
    if (!isCleared) {
      clear(places, journal.modes, step);
      await renameRecord(folder, CLEARING, FILLING);
      step('cleared');
    }
    fill(places, journal.modes, step);
    finish(places, journal, step);
    hasOld = places.quarantine.names().length > 0;
  } finally {
    places.close();
  }
  await renameRecord(folder, NEXT_MARKER, MARKER_FILE);
  step('marker');
  await discardStage(folder); // before the journal, or it would be taken for one that is to be gone on with
  step('stage removed');
  await folder.remove(FILLING);
  await fsyncDirectory(folder.path);
  step('journal removed');
  await pruneQuarantines(folder, journal.keepQuarantines);
  const path = `${volumePath}/${OWN_FOLDER}/${QUARANTINE}/${journal.quarantine}`;
  return { marker: journal.marker, quarantine: hasOld ? path : undefined };
}

async function renameRecord(folder: ForeignDirectory, from: string, to: string): Promise<void> {
  if ((await folder.stat(from)) !== undefined) {
    await folder.rename(from, folder, to);
    await fsyncDirectory(folder.path);
  }
}

interface Places {
  readonly volume: ByteDirectory;
  readonly quarantine: ByteDirectory;
  /** Undefined when it has been dropped: then everything of it is in its place. */
  readonly source: ByteDirectory | undefined;
  close(): void;
}

function openPlaces(volumePath: string, { quarantine, root }: Journal): Places {
  const opened: ByteDirectory[] = [];
  const keep = (directory: ByteDirectory): ByteDirectory => {
    opened.push(directory);
    return directory;
  };
  const descend = (top: ByteDirectory, names: readonly ByteName[]): ByteDirectory | undefined => {
    let current: ByteDirectory | undefined = top;
    for (const name of names) {
      const next: ByteDirectory | undefined = current?.open(name);
      current = next === undefined ? undefined : keep(next);
    }
    return current;
  };
  const need = (parent: ByteDirectory, name: ByteName): ByteDirectory =>
    keep(parent.open(name) ?? parent.make(name, PRIVATE_MODE));
  const close = () => opened.forEach((directory) => directory.close());
  try {
    const volume = keep(openByteRoot(volumePath));
    const folder = need(volume, OWN_FOLDER);
    const places = need(folder, QUARANTINE);
    const source = descend(folder, [STAGE, TARGET, ...root]);
    return { volume, quarantine: need(places, quarantine), source, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** What the volume holds goes to quarantine. */
function clear({ volume, quarantine }: Places, modes: JournalModes, step: OnStep): void {
  for (const name of contentNames(volume)) {
    move(volume, name, quarantine, isLocked(modes, name, false));
    step(`cleared ${name}`);
  }
  quarantine.sync();
  volume.sync();
}

/** The stage goes to the volume. What has appeared there since it was cleared goes to quarantine as well. */
function fill({ volume, quarantine, source }: Places, modes: JournalModes, step: OnStep): void {
  if (source === undefined) {
    return;
  }
  for (const name of contentNames(source)) {
    if (volume.stat(name) !== undefined) {
      move(volume, name, quarantine, false);
      step(`set aside ${name}`);
    }
    move(source, name, volume, isLocked(modes, name, true));
    step(`filled ${name}`);
  }
}

const isLocked = (modes: JournalModes, name: ByteName, isNew: boolean): boolean =>
  modes.some((each) => each.name === name && each.isNew === isNew);

function move(from: ByteDirectory, name: ByteName, to: ByteDirectory, mustUnlock: boolean): void {
  const free = to.stat(name) === undefined ? name : freeName(to, name);
  try {
    if (mustUnlock) {
      unlock(from, name);
    }
    from.rename(name, to, free);
  } catch (error) {
    if (isPillionError(error)) {
      throw COMMIT_ERRORS.commit_blocked(
        { message: `${error.message} (it was to be moved to ${to.shownPath})` },
        { cause: error },
      );
    }
    throw error;
  }
}

/** Only a quarantine can have an entry of this name already. */
function freeName(directory: ByteDirectory, name: ByteName): ByteName {
  for (let count = 1; ; count += 1) {
    const candidate = `${name.slice(0, 240)}.${count}`;
    if (directory.stat(candidate) === undefined) {
      return candidate;
    }
  }
}

function unlock(parent: ByteDirectory, name: ByteName): void {
  const directory = parent.open(name);
  directory?.chmod(Number(directory.status().mode & 0o7777n) | 0o700);
  directory?.close();
}

function finish({ volume, quarantine }: Places, journal: Journal, step: OnStep): void {
  for (const { name, isNew, mode } of journal.modes) {
    const directory = (isNew ? volume : quarantine).open(name);
    directory?.chmod(mode);
    directory?.close();
  }
  quarantine.sync();
  step('modes');
  const { mode, uid, gid, mtimeNs } = journal.attributes;
  const now = volume.status();
  // Who does not own the root of the volume cannot change it, which is usual: it is the mount's then.
  if (Number(now.uid) !== uid || Number(now.gid) !== gid) {
    ignoringDenied(() => volume.chownSelf(uid, gid));
  }
  if (Number(volume.status().mode & 0o7777n) !== mode) {
    ignoringDenied(() => volume.chmod(mode));
  }
  step('root');
  ignoringDenied(() => volume.utimesSelf(mtimeNs));
  volume.sync();
  step('filled');
}

function ignoringDenied(work: () => void): void {
  try {
    work();
  } catch (error) {
    const code = isPillionError(error) ? error.facts['systemCode'] : undefined;
    if (code !== 'EPERM' && code !== 'EACCES' && code !== 'ENOTSUP') {
      throw error;
    }
  }
}
