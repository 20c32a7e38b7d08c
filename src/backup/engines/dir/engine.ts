/** Backups in a directory: for demonstrations, tests, and a second volume. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../../../core/errors.ts';
import { FILE_ERRORS, fileError } from '../../../core/files/file-error.ts';
import { BACKUP_ERRORS, STORE_ERRORS } from '../../errors.ts';
import { shownPath } from '../../manifest/entry.ts';
import { readManifest } from '../../manifest/files.ts';
import type { Engine, EngineContext, EngineWork, RepositoryState, Snapshot } from '../../model.ts';
import { isNoRoom, outOfRoom } from '../no-room.ts';
import { forgetSnapshots } from './forget.ts';
import { readBackSnapshot, restoreSnapshot, verifyObjects } from './read.ts';
import {
  CONFIG,
  CONFIG_TEXT,
  changingContent,
  listRecords,
  OBJECTS,
  readText,
  readWhole,
  reasonOf,
  SNAPSHOTS,
  stateOf,
  within,
  withRepository,
  writeWhole,
} from './store.ts';
import { storeSnapshot } from './write.ts';

export function createDirEngine(path: string, { name, workDir }: EngineContext): Engine {
  return {
    kind: 'dir',
    keepsExtendedAttributes: false,
    state: (signal) => readState(path, name, signal),
    init: async () => makeRepository(path),
    restoreTo: (snapshot, target, work) => restoreSnapshot(path, snapshot, target, work),
    async backup(request, work) {
      try {
        return await storeSnapshot(path, name, request, work);
      } catch (error) {
        throw isNoRoom(error) ? outOfRoom(errorMessage(error), workDir, error) : error;
      }
    },
    readBack: (snapshot, work) => readBackSnapshot(path, snapshot, workDir, work),
    verify: (share, work) => verifyObjects(path, share, work),
    forget: (snapshots, work) => forgetSnapshots(path, snapshots, work),
    ls: (snapshot, work, write) => list(path, snapshot, work, write),
    cat: (snapshot, file, work, write) => show(path, snapshot, file, work, write),
  };
}

async function readState(path: string, name: string, signal: AbortSignal): Promise<RepositoryState> {
  signal.throwIfAborted();
  try {
    return await withRepository(path, async (repository) => {
      if ((await readText(repository, CONFIG)) !== CONFIG_TEXT) {
        const message = `${path} is no repository of Pillion`;
        const hint = 'mount it there, or make it with `pillion backup --init`';
        return { kind: 'UNKNOWN', reason: { kind: 'absent', message, hint } };
      }
      return stateOf(name, await listRecords(repository), path);
    });
  } catch (error) {
    return { kind: 'UNKNOWN', reason: reasonOf(error) };
  }
}

async function makeRepository(path: string): Promise<void> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError(FILE_ERRORS.write_failed, path, error);
  }
  await withRepository(path, async (repository) => {
    if (repository.stat(CONFIG) !== undefined) {
      throw STORE_ERRORS.store_failed({ message: `${path} is a repository already` });
    }
    for (const directory of [OBJECTS, SNAPSHOTS]) {
      within(repository, directory, () => {}, true);
    }
    await writeWhole(repository, CONFIG, (write) => write(Buffer.from(CONFIG_TEXT)));
    repository.sync();
  });
}

async function list(
  path: string,
  { id }: Snapshot,
  { signal }: EngineWork,
  write: (line: string) => void,
): Promise<void> {
  for await (const entry of readManifest(join(path, SNAPSHOTS, `${id}.mtree`), signal)) {
    if (entry.path !== '') {
      write(`${shownPath(entry.path)}${entry.type === 'directory' ? '/' : ''}`);
    }
  }
}

async function show(
  path: string,
  { id }: Snapshot,
  file: string,
  { signal }: EngineWork,
  write: (chunk: Buffer) => void | Promise<void>,
): Promise<void> {
  await withRepository(path, async (repository) => {
    const { records } = await listRecords(repository);
    const record = records.find((each) => each.id === id);
    const hash = await hashOf(join(path, SNAPSHOTS, `${id}.mtree`), file, signal);
    const object = hash ?? (record && changingContent(record, Buffer.from(file).toString('latin1')));
    const found =
      object !== undefined &&
      (await within(repository, OBJECTS, (objects) =>
        within(objects, object.slice(0, 2), (group) => readWhole(group, object.slice(2), write)),
      ));
    if (!found) {
      throw BACKUP_ERRORS.snapshot_missing({ message: `there is no file ${file} in snapshot ${id}` });
    }
  });
}

async function hashOf(manifest: string, file: string, signal: AbortSignal): Promise<string | undefined> {
  for await (const entry of readManifest(manifest, signal)) {
    if (entry.type === 'file' && shownPath(entry.path) === file) {
      return entry.sha256;
    }
  }
  return undefined;
}
