import { join } from 'node:path';
import { createBreather } from '../../../core/breather.ts';
import type { ByteDirectory } from '../../../core/foreign-files/byte-directory.ts';
import { readManifest } from '../../manifest/files.ts';
import type { EngineWork, Snapshot } from '../../model.ts';
import { listRecords, OBJECTS, SNAPSHOTS, within, withRepository } from './store.ts';

/** Content that was stored, or used again, since then may belong to a snapshot that is being made. */
const SETTLED_MS = 24 * 60 * 60 * 1000;

/** Removes exactly these snapshots, and content that no snapshot has any more and nobody has used for a day. */
export function forgetSnapshots(
  path: string,
  snapshots: readonly Snapshot[],
  { signal }: EngineWork,
): Promise<void> {
  return withRepository(path, async (repository) => {
    within(repository, SNAPSHOTS, (directory) => {
      for (const { id } of snapshots) {
        for (const name of [`${id}.json`, `${id}.mtree`]) {
          if (directory.stat(name) !== undefined) {
            directory.unlink(name);
          }
        }
      }
      directory.sync();
    });
    const { records, damaged } = await listRecords(repository);
    if (damaged.length > 0) {
      return; // what they hold is not known
    }
    const used = new Set<string>();
    for (const record of records) {
      Object.values(record.changing).forEach((hash) => used.add(hash));
      for await (const entry of readManifest(join(path, SNAPSHOTS, `${record.id}.mtree`), signal)) {
        if (entry.type === 'file' && entry.sha256 !== undefined) {
          used.add(entry.sha256);
        }
      }
    }
    await removeUnused(repository, used, signal);
  });
}

async function removeUnused(
  repository: ByteDirectory,
  used: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const breathe = createBreather(signal);
  const before = BigInt(Date.now() - SETTLED_MS);
  await within(repository, OBJECTS, async (objects) => {
    for (const prefix of objects.names()) {
      const group = objects.open(prefix);
      try {
        if (group === undefined) {
          removeLeftover(objects, prefix, before);
        }
        for (const rest of group?.names() ?? []) {
          await breathe();
          const status = group?.stat(rest);
          if (!used.has(prefix + rest) && status !== undefined && status.mtimeMs < before) {
            group?.unlink(rest);
          }
        }
      } finally {
        group?.close();
      }
    }
  });
}

/** What a killed backup was writing. */
function removeLeftover(objects: ByteDirectory, name: string, before: bigint): void {
  const status = objects.stat(name);
  if (status !== undefined && status.mtimeMs < before) {
    objects.unlink(name);
  }
}
