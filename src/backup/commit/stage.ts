/** Where a snapshot is written to before it takes its place: on the volume's own file system, out of sight. */
import { join } from 'node:path';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { randomId } from '../../core/random-id.ts';
import type { SnapshotRef, Stage } from '../model.ts';
import { requireNoMountInTheWay } from './movable.ts';
import { STAGE, TARGET } from './names.ts';
import { readRecord, withMadeOwnFolder, withOwnFolder, writeRecord } from './own-folder.ts';
import { parseStage } from './records.ts';

const STAGE_FILE = 'stage.json';
const TRASH = 'trash-';
/** Nobody else is to read what is not complete yet, and whose own modes are not there yet. */
const PRIVATE_MODE = 0o700;

/** A stage that was begun here: its directory is held open, and `target` leads to it whatever becomes of its name. */
export interface BegunStage extends Stage {
  readonly isResumed: boolean;
  /** After that `target` leads nowhere. */
  close(): Promise<void>;
}

/**
 * Begins or resumes the restore of a snapshot; the stage of any other is removed. From here on the volume is PARTIAL.
 *
 * Who owns the volume may rename our folder and put a link in its place: a path by names would lead whoever writes a
 * snapshot, as root, to where that link leads. In the stage itself nobody else can write.
 * @throws PillionError `write_failed`, `record_invalid`, `own_folder_foreign`, `mount_in_the_way`
 */
export async function beginStage(volume: string, snapshot: SnapshotRef): Promise<BegunStage> {
  requireNoMounts(volume);
  return await withMadeOwnFolder(volume, async (folder) => {
    await removeTrash(folder);
    const begun = await readStage(folder);
    const isResumed = begun?.id === snapshot.id;
    if (!isResumed) {
      await discardStage(folder);
    }
    const stage = await makeOrOpen(folder, STAGE);
    try {
      const target = await makeOrOpen(stage, TARGET);
      await target.close();
      await writeRecord(stage, STAGE_FILE, {
        version: 1,
        snapshot: { id: snapshot.id, time: snapshot.time },
      });
    } catch (error) {
      await stage.close();
      throw error;
    }
    const target = join(stage.pathForChildren, TARGET);
    return { volume, snapshot, target, isResumed, close: () => stage.close() };
  });
}

/** Before anything is asked of the repository. */
function requireNoMounts(volume: string): void {
  const directory = openByteRoot(volume);
  try {
    requireNoMountInTheWay(directory);
  } finally {
    directory.close();
  }
}

/** Gives a stage up: for a snapshot that does not verify, or a volume that needs none. */
export function dropStage({ volume }: Pick<Stage, 'volume'>): Promise<void> {
  return withOwnFolder(volume, { isMade: false }, async (folder) => {
    if (folder !== undefined) {
      await discardStage(folder);
    }
  });
}

/** The snapshot of the stage that was begun, if one was. */
export async function readStage(folder: ForeignDirectory): Promise<SnapshotRef | undefined> {
  const stage = await folder.open(STAGE);
  try {
    return stage === undefined ? undefined : (await readRecord(stage, STAGE_FILE, parseStage))?.snapshot;
  } finally {
    await stage?.close();
  }
}

/** By one rename, so that what a kill leaves is no stage any more. */
export async function discardStage(folder: ForeignDirectory): Promise<void> {
  if ((await folder.stat(STAGE)) !== undefined) {
    await folder.rename(STAGE, folder, `${TRASH}${randomId()}`);
  }
  await removeTrash(folder);
}

/** What was given up before, and cannot be removed, is tried again each time; it is in nobody's way. */
export async function removeTrash(folder: ForeignDirectory): Promise<void> {
  for (const { name } of await folder.list()) {
    if (name.startsWith(TRASH)) {
      await folder.removeTree(name);
    }
  }
}

const makeOrOpen = async (parent: ForeignDirectory, name: string): Promise<ForeignDirectory> =>
  (await parent.make(name, PRIVATE_MODE)) ?? (await parent.openOrThrow(name));
