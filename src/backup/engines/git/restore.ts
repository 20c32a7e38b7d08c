/** A commit to a tree: the objects are streamed out of git and written as the manifest says. */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBreather } from '../../../core/breather.ts';
import { errorMessage } from '../../../core/errors.ts';
import { openByteRoot } from '../../../core/foreign-files/byte-directory.ts';
import { formatOf } from '../../../git/object-name.ts';
import { requireSpace } from '../../commit/space.ts';
import { BACKUP_ERRORS } from '../../errors.ts';
import { createTreeBuilder, type FileSink } from '../../manifest/build.ts';
import { shownPath } from '../../manifest/entry.ts';
import { summariseManifest } from '../../manifest/files.ts';
import type { EngineWork, ManifestSummary, RestoredTree, Snapshot } from '../../model.ts';
import type { GitAccess } from './access.ts';
import { createBatchReader } from './batch.ts';
import { readLocated } from './blob-list.ts';
import { describeForeign, type Foreign } from './foreign-commit.ts';
import { makeBare, readTip, type Tip } from './repository.ts';
import { BLOBS_PATH, MANIFEST_PATH } from './state.ts';

/** Files whose content git was asked for at a time: each is open. */
const AT_A_TIME = 64;

const damaged = (message: string) =>
  BACKUP_ERRORS.restore_failed({ message, hint: 'the repository is damaged: see `git fsck` there' });

/** All of one commit in a repository of its own. */
export async function fetchWhole(
  access: GitAccess,
  gitDir: string,
  id: string,
  signal: AbortSignal,
): Promise<Tip> {
  await makeBare(access, gitDir, formatOf(id), signal);
  const fetch = (...args: string[]) =>
    access.run(['fetch', '--quiet', '--no-tags', ...args], { gitDir, signal });
  try {
    await fetch('--depth=1', 'origin', `+${id}:refs/pillion/wanted`);
  } catch (error) {
    signal.throwIfAborted();
    // A server may give no commit by its name: then it is in the history of the branch, or gone.
    await fetch('origin', `+${access.ref}:refs/pillion/wanted`);
    const type = await access.run(['cat-file', '-t', id], { gitDir, signal }).catch(() => 'missing');
    if (type !== 'commit') {
      const message = `snapshot ${id} is not in the repository any more: ${errorMessage(error)}`;
      throw BACKUP_ERRORS.snapshot_missing({ message });
    }
  }
  return await readTip(access, gitDir, id, signal);
}

export async function restoreSnapshot(
  access: GitAccess,
  snapshot: Snapshot,
  target: string,
  work: EngineWork,
): Promise<RestoredTree> {
  const { signal } = work;
  const gitDir = join(target, 'git');
  const tip = await fetchWhole(access, gitDir, snapshot.id, signal);
  const files = await takeOut(access, gitDir, tip, target, signal);
  const summary = await summariseManifest(files.manifest, signal);
  await requireSpace(join(target), { ...summary }, signal);
  const root = join(target, 'root');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  await build(access, gitDir, files, root, summary, work);
  await rm(gitDir, { recursive: true, force: true });
  return { root, manifest: tip.facts === undefined ? undefined : files.manifest };
}

export interface SnapshotFiles {
  readonly manifest: string;
  readonly blobs: string;
}

/** The manifest and the list of objects, as files. Of a commit that Pillion has not made they are made up from its tree. */
export async function takeOut(
  access: GitAccess,
  gitDir: string,
  { id, facts, time }: Tip,
  directory: string,
  signal: AbortSignal,
): Promise<SnapshotFiles> {
  const files = { manifest: join(directory, 'manifest.mtree'), blobs: join(directory, 'blobs') };
  if (facts === undefined) {
    const foreign: Foreign = { id, time };
    await describeForeign(access, gitDir, foreign, files, signal);
    return files;
  }
  const digest = await writeObject(access, gitDir, `${id}:${MANIFEST_PATH}`, files.manifest, signal);
  if (digest !== facts.digest) {
    throw damaged(`the manifest of snapshot ${id} is not what was stored`);
  }
  await writeObject(access, gitDir, `${id}:${BLOBS_PATH}`, files.blobs, signal);
  return files;
}

/** Writes an object's content to a file; resolves to its SHA-256. */
export async function writeObject(
  access: GitAccess,
  gitDir: string,
  name: string,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const fd = openSync(path, 'w', 0o600);
  try {
    await access.run(['cat-file', 'blob', name], {
      gitDir,
      signal,
      onStdout(chunk) {
        hash.update(chunk);
        for (let done = 0; done < chunk.length; ) {
          done += writeSync(fd, chunk, done);
        }
      },
    });
    return hash.digest('hex');
  } finally {
    closeSync(fd);
  }
}

async function build(
  access: GitAccess,
  gitDir: string,
  files: SnapshotFiles,
  rootPath: string,
  { files: filesTotal, bytes: bytesTotal }: ManifestSummary,
  { signal, onProgress }: EngineWork,
): Promise<void> {
  const root = openByteRoot(rootPath);
  const builder = createTreeBuilder(root);
  let filesDone = 0;
  let bytesDone = 0;
  const done = (size: number) => {
    filesDone += 1;
    bytesDone += size;
    onProgress?.({ phase: 'restore', filesDone, filesTotal, bytesDone, bytesTotal });
  };
  try {
    await streamObjects(access, gitDir, signal, async (want) => {
      const breathe = createBreather(signal);
      for await (const { entry, object } of readLocated(files.manifest, files.blobs, signal)) {
        await breathe();
        const sink = await builder.add(entry);
        if (sink !== undefined) {
          await want(object, sink);
        }
        if (entry.type === 'file') {
          done(entry.size);
        }
      }
    });
    builder.finish();
  } finally {
    builder.close();
    root.close();
  }
}

/** Where the content of an object goes. */
export type ObjectSink = Pick<FileSink, 'write' | 'finish' | 'abandon' | 'entry'>;

/** Hands out the content of objects in the order in which `produce` wants them. */
export async function streamObjects(
  access: GitAccess,
  gitDir: string,
  signal: AbortSignal,
  produce: (want: (object: string, sink: ObjectSink) => Promise<void>) => Promise<void>,
): Promise<void> {
  const waiting: { readonly object: string; readonly sink: ObjectSink }[] = [];
  let wake: (() => void) | undefined;
  const reader = createBatchReader({
    begin(object, type) {
      const [first] = waiting;
      if (first?.object !== object || type !== 'blob') {
        throw damaged(`git answers with the ${type} ${object}`);
      }
    },
    content: (bytes) => waiting[0]?.sink.write(bytes),
    end() {
      waiting.shift()?.sink.finish();
      wake?.();
    },
  });
  try {
    await access.run(['cat-file', '--batch'], {
      gitDir,
      signal,
      stdin: (write) =>
        produce(async (object, sink) => {
          waiting.push({ object, sink });
          await write(`${object}\n`);
          while (waiting.length >= AT_A_TIME) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }),
      onStdout: (chunk) => reader.push(chunk),
    });
    reader.end();
    if (waiting.length > 0) {
      throw damaged(`git did not give the content of ${shownPath(waiting[0]?.sink.entry.path ?? '')}`);
    }
  } finally {
    wake?.();
    waiting.forEach(({ sink }) => sink.abandon());
  }
}
