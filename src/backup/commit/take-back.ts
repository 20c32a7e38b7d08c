/** Undoes a commit whose outcome was not good enough: the volume is then what it was before. */
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { type BegunJournal, moveOn, type OnStep, removeJournal } from './journal.ts';
import { contentNames, requireNoMountInTheWay } from './movable.ts';
import { applyToRoot, giveModesBack, isLocked, move, openPlaces, type Places } from './places.ts';
import { removeEmptyQuarantines } from './quarantine.ts';
import type { Journal } from './records.ts';

/** The marker of a commit, written before it is begun, so that nothing of it needs room on a disk that is full. */
export const NEXT_MARKER = 'marker-next.json';

/**
 * What came from the stage goes back there, then what went to quarantine comes back. Like the commit, a kill at any step is
 * mended by doing all again. What others have written to the volume meanwhile stays on it.
 * @throws PillionError `commit_blocked`, `mount_in_the_way` when something cannot be moved: the next `recover` goes on
 */
export async function takeBack(
  folder: ForeignDirectory,
  volumePath: string,
  begun: BegunJournal,
  step: OnStep,
): Promise<void> {
  const { journal } = begun;
  const places = openPlaces(volumePath, journal, { isUndone: true });
  try {
    const { volume, quarantine } = places;
    const moved = new Set([...(journal.undo?.entries ?? contentNames(volume)), ...quarantine.names()]);
    requireNoMountInTheWay(volume, undefined, (name) => moved.has(name));
    if (begun.phase !== 'refill') {
      const emptying = await moveOn(folder, begun, 'empty');
      step('to be taken back');
      empty(places, journal, step);
      await moveOn(folder, emptying, 'refill');
      step('emptied');
    }
    refill(places, journal, step);
  } finally {
    places.close();
  }
  await removeEmptyQuarantines(folder);
  await folder.remove(NEXT_MARKER);
  await removeJournal(folder, 'refill');
  step('taken back');
}

function empty({ volume, source }: Places, { modes, undo }: Journal, step: OnStep): void {
  for (const name of undo?.entries ?? contentNames(volume)) {
    if (source !== undefined && volume.stat(name) !== undefined && source.stat(name) === undefined) {
      move(volume, name, source, isLocked(modes, name, true));
      step(`emptied ${name}`);
    }
  }
  source?.sync();
  volume.sync();
}

function refill({ volume, source, quarantine }: Places, { modes, undo }: Journal, step: OnStep): void {
  for (const name of quarantine.names()) {
    if (volume.stat(name) !== undefined) {
      move(volume, name, quarantine, false);
      step(`set aside ${name}`);
    }
    move(quarantine, name, volume, isLocked(modes, name, false));
    step(`refilled ${name}`);
  }
  giveModesBack(modes, { old: volume, new: source });
  if (undo !== undefined) {
    applyToRoot(volume, undo.attributes, step);
  }
  quarantine.sync();
  volume.sync();
}
