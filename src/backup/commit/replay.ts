/**
 * The journal of a commit. Each step may be done any number of times, so that a kill at any of them is mended by doing all
 * again: an entry that is not where it was is where it has to be.
 */
import { fsyncDirectory } from '../../core/files/fsync.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { mountsOf } from '../../core/foreign-files/mounts.ts';
import { type Committed, OWN_FOLDER } from '../model.ts';
import {
  type BegunJournal,
  moveOn,
  type OnStep,
  type Phase,
  removeJournal,
  writeJournal,
} from './journal.ts';
import { MARKER_FILE } from './marker.ts';
import { contentNames, type JournalModes, requireNoMountInTheWay } from './movable.ts';
import { QUARANTINE } from './names.ts';
import { writeRecord } from './own-folder.ts';
import {
  applyToRoot,
  giveModesBack,
  isLocked,
  move,
  openPlaces,
  type Places,
  PRIVATE_MODE,
} from './places.ts';
import { pruneQuarantines } from './quarantine.ts';
import type { Journal } from './records.ts';
import { discardStage } from './stage.ts';
import { NEXT_MARKER, takeBack } from './take-back.ts';

/** From here on the commit will be done, or taken back, by this process or a later one. */
export async function beginJournal(
  folder: ForeignDirectory,
  journal: Journal,
  step: OnStep,
): Promise<BegunJournal> {
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
  const begun = await writeJournal(folder, journal);
  step('journal');
  return begun;
}

async function ensure(parent: ForeignDirectory, name: string): Promise<ForeignDirectory> {
  return (await parent.make(name, PRIVATE_MODE)) ?? (await parent.openOrThrow(name));
}

const ignore: OnStep = () => {};

/**
 * Does what the journal says, from where it stands to its end, or to where somebody must judge.
 * @returns where it has come to; undefined when it has been taken back
 */
export async function replay(
  folder: ForeignDirectory,
  volumePath: string,
  begun: BegunJournal,
  step: OnStep = ignore,
): Promise<Committed | 'unjudged' | undefined> {
  const { journal, phase } = begun;
  switch (phase) {
    case 'empty':
    case 'refill':
      await takeBack(folder, volumePath, begun, step);
      return undefined;
    case 'judge':
      return 'unjudged';
    case 'keep':
      return await keep(folder, volumePath, begun, step);
    default: {
      const filling = await putInPlace(folder, volumePath, begun, step);
      if (journal.undo === undefined) {
        return await keep(folder, volumePath, filling, step);
      }
      await moveOn(folder, filling, 'judge');
      step('to be judged');
      return 'unjudged';
    }
  }
}

async function putInPlace(
  folder: ForeignDirectory,
  volumePath: string,
  begun: BegunJournal,
  step: OnStep,
): Promise<BegunJournal> {
  const { journal } = begun;
  const places = openPlaces(volumePath, journal);
  try {
    // Another container than that which began may have other mounts.
    const { volume, source } = places;
    const isCleared = begun.phase !== 'clear';
    requireNoMountInTheWay(
      volume,
      source,
      isCleared ? (name) => source?.stat(name) !== undefined : undefined,
    );
    if (begun.phase === 'clear') {
      clear(places, journal.modes, step);
      await moveOn(folder, begun, 'fill');
      step('cleared');
    }
    fill(places, journal.modes, step);
    finish(places, journal, step);
    return { journal, phase: 'fill' };
  } finally {
    places.close();
  }
}

/** What is in place is what the volume is from now on. */
export async function keep(
  folder: ForeignDirectory,
  volumePath: string,
  { journal, phase }: { readonly journal: Journal; readonly phase: Phase },
  step: OnStep = ignore,
): Promise<Committed> {
  const places = openPlaces(volumePath, journal);
  const hasOld = places.quarantine.names().length > 0;
  places.close();
  if ((await folder.stat(NEXT_MARKER)) !== undefined) {
    await folder.rename(NEXT_MARKER, folder, MARKER_FILE);
    await fsyncDirectory(folder.path);
  }
  step('marker');
  await discardStage(folder); // before the journal, or it would be taken for one that is to be gone on with
  step('stage removed');
  await removeJournal(folder, phase);
  step('journal removed');
  await pruneQuarantines(folder, journal.keepQuarantines);
  const path = `${volumePath}/${OWN_FOLDER}/${QUARANTINE}/${journal.quarantine}`;
  return { marker: journal.marker, quarantine: hasOld ? path : undefined };
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
  const mounts = mountsOf(volume);
  for (const name of contentNames(source).filter((each) => !mounts.has(each))) {
    if (volume.stat(name) !== undefined) {
      move(volume, name, quarantine, false);
      step(`set aside ${name}`);
    }
    move(source, name, volume, isLocked(modes, name, true));
    step(`filled ${name}`);
  }
}

function finish({ volume, quarantine }: Places, { modes, attributes }: Journal, step: OnStep): void {
  giveModesBack(modes, { old: quarantine, new: volume });
  quarantine.sync();
  step('modes');
  applyToRoot(volume, attributes, step);
  volume.sync();
  step('filled');
}
