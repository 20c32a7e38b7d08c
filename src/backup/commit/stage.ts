/** Where a snapshot is written to before it takes its place: on the volume's own file system, out of sight. */
import { join } from 'node:path';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { randomId } from '../../core/random-id.ts';
import { OWN_FOLDER, type SnapshotRef, type Stage } from '../model.ts';
import { readRecord, withMadeOwnFolder, withOwnFolder, writeRecord } from './own-folder.ts';
import { parseStage } from './records.ts';

export const STAGE = 'stage';
export const TARGET = 'target';
const STAGE_FILE = 'stage.json';
const TRASH = 'trash-';
/** Nobody else is to read what is not complete yet, and whose own modes are not there yet. */
const PRIVATE_MODE = 0o700;

/**
 * Begins or resumes the restore of a snapshot; the stage of any other is removed. From here on the volume is PARTIAL.
 * @throws PillionError `write_failed`, `record_invalid`, `own_folder_foreign`
 */
export function beginStage(
  volume: string,
  snapshot: SnapshotRef,
): Promise<Stage & { readonly isResumed: boolean }> {
  return withMadeOwnFolder(volume, async (folder) => {
    await removeTrash(folder);
    const begun = await readStage(folder);
    const isResumed = begun?.id === snapshot.id;
    if (!isResumed) {
      await discardStage(folder);
    }
    await withChild(folder, STAGE, async (stage) => {
      await withChild(stage, TARGET, async () => {});
      await writeRecord(stage, STAGE_FILE, {
        version: 1,
        snapshot: { id: snapshot.id, time: snapshot.time },
      });
    });
    return { volume, snapshot, target: join(volume, OWN_FOLDER, STAGE, TARGET), isResumed };
  });
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

async function withChild(
  parent: ForeignDirectory,
  name: string,
  use: (child: ForeignDirectory) => Promise<void>,
): Promise<void> {
  const child = (await parent.make(name, PRIVATE_MODE)) ?? (await parent.openOrThrow(name));
  try {
    await use(child);
  } finally {
    await child.close();
  }
}
