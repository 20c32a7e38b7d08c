/** Puts a verified stage in the place of what a volume holds. */
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { randomId } from '../../core/random-id.ts';
import type { Commit, CommitOptions, Marker, RestoredTree, Stage } from '../model.ts';
import { contentNames, type JournalModes, makeMovable } from './movable.ts';
import { withMadeOwnFolder } from './own-folder.ts';
import type { Journal } from './records.ts';
import { beginJournal, replay } from './replay.ts';
import { openStagedRoot, stepsToRoot } from './staged-root.ts';
import { syncFileSystem } from './sync-file-system.ts';

/**
 * Everything is synced, the journal written, what is on the volume moved to quarantine, entries renamed one by one (a
 * mount point itself cannot be), the root's own metadata set, the marker written, the stage dropped. From the journal on
 * `recover` finishes it; before, the volume is untouched. After the journal stands, the signal is not obeyed any more.
 * @throws PillionError `commit_blocked` when something cannot be moved: the next `recover` goes on
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
    return await replay(folder, stage.volume, begun, step);
  });
};

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
    const { mode, uid, gid, mtimeNs } = source.status();
    return {
      version: 1,
      quarantine: quarantineName(since),
      root,
      attributes: { mode: Number(mode) & 0o7777, uid: Number(uid), gid: Number(gid), mtimeNs },
      modes: [...movableModes(old, false), ...movableModes(source, true)],
      marker,
      keepQuarantines: Math.min(options.keepQuarantines, Number.MAX_SAFE_INTEGER),
    };
  } finally {
    source.close();
    old.close();
  }
}

/** Sorts by time. */
const quarantineName = (now: number): string =>
  `${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}-${randomId().slice(0, 4)}`;

function movableModes(directory: ByteDirectory, isNew: boolean): JournalModes {
  return contentNames(directory).flatMap((name) => makeMovable(directory, name, isNew));
}
