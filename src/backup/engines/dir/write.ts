import { basename, dirname } from 'node:path';
import { createBreather } from '../../../core/breather.ts';
import { type ByteDirectory, openByteRoot } from '../../../core/foreign-files/byte-directory.ts';
import { randomId } from '../../../core/random-id.ts';
import type { BytePath, FileEntry } from '../../manifest/entry.ts';
import { MANIFEST_ERRORS } from '../../manifest/errors.ts';
import { readManifest, summariseManifest } from '../../manifest/files.ts';
import { createUnsteady } from '../../manifest/unsteady.ts';
import { createVolumeReader } from '../../manifest/volume-reader.ts';
import type { BackupRequest, EngineWork, StoredSnapshot } from '../../model.ts';
import { createGone } from './gone.ts';
import {
  changingEntry,
  OBJECTS,
  readWhole,
  SNAPSHOTS,
  type SnapshotRecord,
  snapshotOf,
  within,
  withRepository,
  writeWhole,
} from './store.ts';

/** @throws PillionError `volume_changed` for a file that is not as its manifest says any more */
export function storeSnapshot(
  path: string,
  name: string,
  { volume, manifest, now, isPartial }: BackupRequest,
  work: EngineWork,
): Promise<StoredSnapshot> {
  return withRepository(path, async (repository) => {
    const { files, bytes, digest } = await summariseManifest(manifest, work.signal);
    const objects = await storeObjects(repository, volume, manifest, work);
    const record: SnapshotRecord = {
      version: 1,
      name,
      time: now,
      files: files - (await countGone(manifest, objects.gone, work.signal)),
      bytes,
      isPartial,
      manifest: digest,
      changing: objects.changing,
      gone: objects.gone,
    };
    const id = `${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}-${randomId().slice(0, 8)}`;
    await within(repository, SNAPSHOTS, async (snapshots) => {
      await copyIn(manifest, snapshots, `${id}.mtree`);
      snapshots.sync();
      await writeWhole(snapshots, `${id}.json`, (write) => write(Buffer.from(JSON.stringify(record))));
      snapshots.sync();
    });
    return { snapshot: snapshotOf({ id, ...record }), files: record.files, bytes, added: objects.added };
  });
}

/** Files that went away with their directory count too when they had been stored before: a restore leaves them out. */
async function countGone(manifest: string, gone: readonly BytePath[], signal: AbortSignal): Promise<number> {
  if (gone.length === 0) {
    return 0;
  }
  const isGone = createGone(gone);
  const breathe = createBreather(signal);
  let count = 0;
  for await (const entry of readManifest(manifest, signal)) {
    await breathe();
    count += isGone(entry.path) && entry.type === 'file' ? 1 : 0;
  }
  return count;
}

async function copyIn(source: string, directory: ByteDirectory, name: string): Promise<void> {
  const from = openByteRoot(dirname(source));
  try {
    await writeWhole(directory, name, async (write) => {
      await readWhole(from, Buffer.from(basename(source)).toString('latin1'), write);
    });
  } finally {
    from.close();
  }
}

async function storeObjects(repository: ByteDirectory, volume: string, manifest: string, work: EngineWork) {
  const reader = createVolumeReader(volume, work.signal);
  const changing: Record<string, string> = {};
  const gone: BytePath[] = [];
  const groups = new Set<number>();
  const unsteady = createUnsteady();
  const breathe = createBreather(work.signal);
  let added = 0;
  let filesDone = 0;
  let bytesDone = 0;
  const hasGone = (path: BytePath): boolean => {
    const missing = reader.missing(path);
    if (missing === undefined || !unsteady.has(missing)) {
      return false;
    }
    if (missing !== gone.at(-1)) {
      gone.push(missing);
    }
    return true;
  };
  try {
    for await (const entry of readManifest(manifest, work.signal)) {
      await breathe();
      if (entry.type === 'directory' && entry.isChanging === true) {
        unsteady.add(entry.path);
      }
      if (entry.type !== 'file') {
        continue;
      }
      filesDone += 1;
      bytesDone += entry.size;
      work.onProgress?.({ phase: 'backup', filesDone, bytesDone });
      if (entry.links !== undefined && groups.has(entry.links)) {
        continue;
      }
      const stored = await storeObject(repository, reader, entry).catch((error: unknown) => {
        if (MANIFEST_ERRORS.volume_changed.matches(error) && hasGone(entry.path)) {
          return undefined;
        }
        throw error;
      });
      if (stored === undefined) {
        continue;
      }
      groups.add(entry.links ?? -1);
      added += stored.added;
      if (entry.sha256 === undefined) {
        Object.assign(changing, changingEntry(entry.path, stored.hash));
      }
    }
  } finally {
    reader.close();
  }
  return { changing, gone, added };
}

async function storeObject(
  repository: ByteDirectory,
  reader: ReturnType<typeof createVolumeReader>,
  entry: FileEntry,
): Promise<{ readonly hash: string; readonly added: number }> {
  return await within(repository, OBJECTS, async (objects) => {
    const known = entry.sha256;
    if (known !== undefined && hasObject(objects, known, entry.size)) {
      return { hash: known, added: 0 };
    }
    const temporary = `incoming-${randomId()}`;
    let read = { sha256: '', size: 0 };
    await writeWhole(objects, temporary, async (write) => {
      read = await reader.read(entry, (bytes) => write(bytes));
    });
    within(
      objects,
      read.sha256.slice(0, 2),
      (group) => {
        objects.rename(temporary, group, read.sha256.slice(2));
        group.sync();
      },
      true,
    );
    return { hash: read.sha256, added: read.size };
  });
}

function hasObject(objects: ByteDirectory, hash: string, size: number): boolean {
  const group = objects.open(hash.slice(0, 2));
  try {
    const status = group?.stat(hash.slice(2));
    if (status?.isFile() !== true || status.size !== BigInt(size)) {
      return false;
    }
    // So that nobody who forgets other snapshots now takes it for unused: by the machine's clock, as the times of new ones.
    group?.utimes(hash.slice(2), BigInt(Date.now()) * 1_000_000n);
    return true;
  } finally {
    group?.close();
  }
}
