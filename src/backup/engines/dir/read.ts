import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createBreather } from '../../../core/breather.ts';
import { type ByteDirectory, openByteRoot } from '../../../core/foreign-files/byte-directory.ts';
import { requireSpace } from '../../commit/space.ts';
import { BACKUP_ERRORS } from '../../errors.ts';
import { createTreeBuilder, type FileSink } from '../../manifest/build.ts';
import { type FileEntry, shownPath } from '../../manifest/entry.ts';
import { readManifest, summariseManifest } from '../../manifest/files.ts';
import type { EngineWork, ReadBack, RestoredTree, Snapshot } from '../../model.ts';
import { createGone } from './gone.ts';
import {
  changingContent,
  listRecords,
  OBJECTS,
  readWhole,
  SNAPSHOTS,
  type StoredRecord,
  within,
  withRepository,
  writeWhole,
} from './store.ts';

const damaged = (message: string) =>
  BACKUP_ERRORS.restore_failed({ message, hint: 'the repository is damaged: run `pillion backup verify`' });

async function recordOf(repository: ByteDirectory, { id }: Snapshot): Promise<StoredRecord> {
  const { records } = await listRecords(repository);
  const record = records.find((each) => each.id === id);
  if (record === undefined) {
    throw BACKUP_ERRORS.snapshot_missing({ message: `snapshot ${id} is not in the repository any more` });
  }
  return record;
}

/** The name of a file's content in the repository; undefined for a file that was changing and has none. */
const contentHash = (record: StoredRecord, { path, sha256 }: FileEntry): string | undefined =>
  sha256 ?? changingContent(record, path);

/** The files that a snapshot has, with the names of their contents. What had gone when it was to be stored is none. */
async function* storedFiles(
  record: StoredRecord,
  manifest: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly entry: FileEntry; readonly hash: string }> {
  const breathe = createBreather(signal);
  const isGone = createGone(record.gone);
  for await (const entry of readManifest(manifest, signal)) {
    await breathe();
    // Asked for directories too: what is below one that had gone has gone with it.
    const hasGone = isGone(entry.path);
    const hash = entry.type === 'file' && !hasGone ? contentHash(record, entry) : undefined;
    if (entry.type === 'file' && hash !== undefined) {
      yield { entry, hash };
    }
  }
}

/** Copies the manifest out of the repository, where nobody changes it while it is used. */
async function copyManifest(
  repository: ByteDirectory,
  record: StoredRecord,
  directory: string,
  name: string,
): Promise<string> {
  const to = openByteRoot(directory);
  try {
    await within(repository, SNAPSHOTS, (snapshots) =>
      writeWhole(to, name, async (write) => {
        const read = await readWhole(snapshots, `${record.id}.mtree`, write);
        if (read?.sha256 !== record.manifest) {
          throw damaged(`the manifest of snapshot ${record.id} is not what was stored`);
        }
      }),
    );
    return join(directory, name);
  } finally {
    to.close();
  }
}

export function restoreSnapshot(
  path: string,
  snapshot: Snapshot,
  target: string,
  work: EngineWork,
): Promise<RestoredTree> {
  return withRepository(path, async (repository) => {
    const record = await recordOf(repository, snapshot);
    const manifest = await copyManifest(repository, record, target, 'manifest.mtree');
    const need = await summariseManifest(manifest, work.signal);
    await requireSpace(target, need, work.signal);
    const root = join(target, 'root');
    mkdirSync(root, { recursive: true, mode: 0o700 });
    await build(repository, record, manifest, root, need, work);
    return { root, manifest };
  });
}

async function build(
  repository: ByteDirectory,
  record: StoredRecord,
  manifest: string,
  rootPath: string,
  { files: filesTotal, bytes: bytesTotal }: { readonly files: number; readonly bytes: number },
  { signal, onProgress }: EngineWork,
): Promise<void> {
  const root = openByteRoot(rootPath);
  const builder = createTreeBuilder(root);
  const isGone = createGone(record.gone);
  const breathe = createBreather(signal);
  let filesDone = 0;
  let bytesDone = 0;
  try {
    for await (const entry of readManifest(manifest, signal)) {
      await breathe();
      if (isGone(entry.path)) {
        continue;
      }
      const sink = await builder.add(entry);
      if (sink !== undefined) {
        await fill(repository, sink, contentHash(record, sink.entry));
      }
      if (entry.type === 'file') {
        filesDone += 1;
        bytesDone += entry.size;
        onProgress?.({ phase: 'restore', filesDone, filesTotal, bytesDone, bytesTotal });
      }
    }
    builder.finish();
  } finally {
    builder.close();
    root.close();
  }
}

async function fill(repository: ByteDirectory, sink: FileSink, hash: string | undefined): Promise<void> {
  let isFilled = false;
  try {
    const { entry } = sink;
    const maxBytes = entry.isChanging ? undefined : entry.size;
    const found =
      hash !== undefined && (await readObject(repository, hash, (bytes) => sink.write(bytes), maxBytes));
    if (found === undefined || found === false) {
      throw damaged(`the content of ${shownPath(sink.entry.path)} is missing`);
    }
    isFilled = true;
  } finally {
    if (!isFilled) {
      sink.abandon();
    }
  }
  sink.finish();
}

async function readObject(
  repository: ByteDirectory,
  hash: string,
  onChunk: (bytes: Buffer) => void | Promise<void>,
  maxBytes?: number,
) {
  return await within(repository, OBJECTS, async (objects) => {
    const group = objects.open(hash.slice(0, 2));
    try {
      return group === undefined ? undefined : await readWhole(group, hash.slice(2), onChunk, maxBytes);
    } finally {
      group?.close();
    }
  });
}

/** What the repository has of a snapshot: its manifest as it is there, and files whose content is there in its size. */
export function readBackSnapshot(
  path: string,
  snapshot: Snapshot,
  workDir: string,
  { signal }: EngineWork,
): Promise<ReadBack> {
  return withRepository(path, async (repository) => {
    const record = await recordOf(repository, snapshot);
    mkdirSync(workDir, { recursive: true, mode: 0o700 });
    const manifest = await copyManifest(repository, record, workDir, 'read-back.mtree');
    let files = 0;
    for await (const { entry, hash } of storedFiles(record, manifest, signal)) {
      const size = sizeOf(repository, hash);
      files += size !== undefined && (entry.isChanging || size === BigInt(entry.size)) ? 1 : 0;
    }
    return { files, manifestDigest: record.manifest };
  });
}

function sizeOf(repository: ByteDirectory, hash: string): bigint | undefined {
  return within(repository, OBJECTS, (objects) => {
    const group = objects.open(hash.slice(0, 2));
    try {
      return group?.stat(hash.slice(2))?.size;
    } finally {
      group?.close();
    }
  });
}

/** Reads a part of all content, and says what is not what it was. */
export function verifyObjects(
  path: string,
  share: number,
  { signal }: EngineWork,
): Promise<readonly string[]> {
  return withRepository(path, async (repository) => {
    const problems: string[] = [];
    const { records, damaged: unreadable } = await listRecords(repository);
    problems.push(...unreadable.map((id) => `snapshot ${id}: its record cannot be read`));
    const seen = new Set<string>();
    for (const record of records) {
      const manifest = join(path, SNAPSHOTS, `${record.id}.mtree`);
      try {
        const { digest } = await summariseManifest(manifest, signal);
        if (digest !== record.manifest) {
          problems.push(`snapshot ${record.id}: its manifest is not what was stored`);
        }
        for await (const { entry, hash } of storedFiles(record, manifest, signal)) {
          if (!seen.has(hash)) {
            seen.add(hash);
            const problem = await objectProblem(repository, hash, isChosen(hash, share));
            problems.push(...(problem === undefined ? [] : [`${shownPath(entry.path)}: ${problem}`]));
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        problems.push(`snapshot ${record.id}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return problems;
  });
}

/** Another part each time. */
const isChosen = (hash: string, share: number): boolean =>
  share >= 1 ||
  createHash('sha256').update(hash).update(String(Date.now())).digest().readUInt32BE() <
    share * 0x1_0000_0000;

async function objectProblem(
  repository: ByteDirectory,
  hash: string,
  isRead: boolean,
): Promise<string | undefined> {
  if (!isRead) {
    return sizeOf(repository, hash) === undefined ? 'its content is missing' : undefined;
  }
  const read = await readObject(repository, hash, () => {});
  if (read === undefined) {
    return 'its content is missing';
  }
  return read.sha256 === hash ? undefined : 'its content is not what was stored';
}
