/** Puts a verified stage in the place of what a volume holds. */
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { randomId } from '../../core/random-id.ts';
import type { Commit, CommitOptions, Committed, Marker, RestoredTree, Stage } from '../model.ts';
import { COMMIT_ERRORS } from './errors.ts';
import { moveOn, type OnStep, readJournal } from './journal.ts';
import { contentNames, type JournalModes, makeMovable, requireNoMountInTheWay } from './movable.ts';
import { withMadeOwnFolder } from './own-folder.ts';
import type { Attributes, Journal } from './records.ts';
import { beginJournal, keep, replay } from './replay.ts';
import { openStagedRoot, stepsToRoot } from './staged-root.ts';
import { syncFileSystem } from './sync-file-system.ts';
import { takeBack } from './take-back.ts';

/**
 * Everything is synced, the journal written, what is on the volume moved to quarantine, entries renamed one by one (a
 * mount point itself cannot be), the root's own metadata set, the marker written, the stage dropped. From the journal on
 * `recover` finishes it; before, the volume is untouched. After the journal stands, the signal is not obeyed any more.
 *
 * With a `judge` the marker waits for its word: when it throws, everything goes back to where it was, by the same journal.
 * @throws PillionError `commit_blocked` when something cannot be moved: the next `recover` goes on; `mount_in_the_way`; what
 * `judge` throws
 */
export const commit: Commit = async (stage, tree, options) => {
  options.onProgress?.({ phase: 'sync', filesDone: 0, bytesDone: 0 });
  await syncFileSystem(stage.target, options.signal);
  options.signal.throwIfAborted();
  options.onProgress?.({ phase: 'commit', filesDone: 0, bytesDone: 0 });
  const step = options.onStep ?? (() => {});
  const journal = prepare(stage, tree, options);
  step('prepared');
  return await withMadeOwnFolder(stage.volume, async (folder) => {
    const begun = await beginJournal(folder, journal, step);
    const end = await replay(folder, stage.volume, begun, step);
    if (end === undefined) {
      throw new TypeError('what was begun just now was not taken back');
    }
    return end === 'unjudged' ? await settle(folder, stage.volume, options.judge, step) : end;
  });
};

/**
 * Judges what an interrupted commit has put in place: it is kept, or taken back, by the same rules.
 * @throws PillionError `record_invalid` when there is nothing of that kind; what `judge` throws, when all is as before
 */
export function settleCommit(
  volume: string,
  judge: CommitOptions['judge'],
  onStep: OnStep = () => {},
): Promise<Committed> {
  return withMadeOwnFolder(volume, (folder) => settle(folder, volume, judge, onStep));
}

async function settle(
  folder: ForeignDirectory,
  volume: string,
  judge: CommitOptions['judge'],
  step: OnStep,
): Promise<Committed> {
  const begun = await readJournal(folder);
  if (begun?.phase !== 'judge') {
    const path = `${folder.shownPath}/journal-judge.json`;
    throw COMMIT_ERRORS.record_invalid({ path, reason: 'it has gone meanwhile' });
  }
  try {
    await judge?.();
  } catch (error) {
    await takeBack(folder, volume, begun, step);
    throw error;
  }
  step('judged');
  return await keep(folder, volume, await moveOn(folder, begun, 'keep'), step);
}

function prepare(stage: Stage, tree: RestoredTree, options: CommitOptions): Journal {
  const { volume, target, snapshot } = stage;
  const root = stepsToRoot(target, tree);
  const since = options.now;
  const marker: Marker = {
    version: 1,
    volume: options.name,
    origin: 'restored',
    snapshot: { id: snapshot.id, time: snapshot.time },
    since,
  };
  const source = openStagedRoot(target, tree);
  const old = openByteRoot(volume);
  try {
    requireNoMountInTheWay(old, source);
    return {
      version: 1,
      quarantine: quarantineName(since),
      root,
      attributes: attributesOf(source),
      modes: [...movableModes(old, false), ...movableModes(source, true)],
      marker,
      keepQuarantines: Math.min(options.keepQuarantines, Number.MAX_SAFE_INTEGER),
      ...(options.judge === undefined
        ? {}
        : { undo: { entries: nameable(contentNames(source)), attributes: attributesOf(old) } }),
    };
  } finally {
    source.close();
    old.close();
  }
}

function attributesOf(directory: ByteDirectory): Attributes {
  const { mode, uid, gid, mtimeNs } = directory.status();
  return { mode: Number(mode) & 0o7777, uid: Number(uid), gid: Number(gid), mtimeNs };
}

/** In characters, of which one takes up to six bytes in a journal, which must stay one that can be read. */
const MAX_NAMED = 8 * 1024 * 1024;

/** Exported for its test. */
export const nameable = (names: readonly string[]): string[] | undefined =>
  names.reduce((sum, name) => sum + name.length, 0) <= MAX_NAMED ? [...names] : undefined;

/** Sorts by time. */
const quarantineName = (now: number): string =>
  `${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}-${randomId().slice(0, 4)}`;

function movableModes(directory: ByteDirectory, isNew: boolean): JournalModes {
  return contentNames(directory).flatMap((name) => makeMovable(directory, name, isNew));
}
