import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../../core/errors.ts';
import { formatOf } from '../../../git/object-name.ts';
import { BACKUP_ERRORS, STORE_ERRORS } from '../../errors.ts';
import { type FileEntry, shownPath } from '../../manifest/entry.ts';
import { readManifest } from '../../manifest/files.ts';
import type { EngineWork, ReadBack, Snapshot } from '../../model.ts';
import type { GitAccess } from './access.ts';
import { readLocated } from './blob-list.ts';
import { askTip, makeBare, readTip } from './repository.ts';
import { fetchWhole, streamObjects, takeOut, writeObject } from './restore.ts';
import { MANIFEST_PATH } from './state.ts';
import { treePath } from './tree-path.ts';

/** A directory of its own for the time of `use`. */
async function withScratch<T>(access: GitAccess, use: (directory: string) => Promise<T>): Promise<T> {
  await mkdir(access.workDir, { recursive: true });
  const directory = await mkdtemp(join(access.workDir, 'scratch-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** From the server, into a repository that has nothing of ours. */
export function readBackSnapshot(
  access: GitAccess,
  snapshot: Snapshot,
  { signal }: EngineWork,
): Promise<ReadBack> {
  return withScratch(access, async (directory) => {
    const gitDir = join(directory, 'git');
    await makeBare(access, gitDir, formatOf(snapshot.id), signal);
    const ref = snapshot.root ?? access.ref; // one that has lost a race has a branch of its own
    const args = ['fetch', '--quiet', '--no-tags', '--depth=1', '--filter=blob:none', 'origin', ref];
    await access.run(args, { gitDir, signal });
    const tip = await readTip(access, gitDir, 'FETCH_HEAD', signal);
    const id = await access.run(['rev-parse', 'FETCH_HEAD'], { gitDir, signal });
    if (id !== snapshot.id) {
      throw STORE_ERRORS.read_back_failed({
        message: `${access.settings.shown} is at ${id}, not at the snapshot ${snapshot.id} (${tip.facts?.volume ?? 'of somebody else'})`,
      });
    }
    const manifest = join(directory, 'manifest.mtree');
    const manifestDigest = await writeObject(access, gitDir, `${id}:${MANIFEST_PATH}`, manifest, signal);
    return { files: await countFiles(access, gitDir, id, signal), manifestDigest };
  });
}

async function countFiles(
  access: GitAccess,
  gitDir: string,
  id: string,
  signal: AbortSignal,
): Promise<number> {
  let files = 0;
  let rest = '';
  await access.run(['ls-tree', '-r', '-z', '--full-tree', id], {
    gitDir,
    signal,
    onStdout(chunk) {
      const parts = (rest + chunk.toString('latin1')).split('\0');
      rest = parts.pop() ?? '';
      files += parts.filter((part) => part.startsWith('100') && !/\t\.pillion\//.test(part)).length;
    },
  });
  return files;
}

/** Reads the newest snapshot as a whole, with a part of its content compared with the manifest. */
export function verifyTip(
  access: GitAccess,
  share: number,
  { signal }: EngineWork,
): Promise<readonly string[]> {
  return withScratch(access, async (directory) => {
    const found = await askTip(access, signal);
    if (found === undefined) {
      return [];
    }
    const problems: string[] = [];
    try {
      const gitDir = join(directory, 'git');
      const tip = await fetchWhole(access, gitDir, found.id, signal);
      await access.run(['fsck', '--connectivity-only', '--no-dangling'], { gitDir, signal });
      const files = await takeOut(access, gitDir, tip, directory, signal);
      const chosen = chooser(share);
      await streamObjects(access, gitDir, signal, async (want) => {
        for await (const { entry, object } of readLocated(files.manifest, files.blobs, signal)) {
          if (entry.type === 'file' && chosen(object)) {
            await want(object, comparingSink(entry, problems));
          }
        }
      });
    } catch (error) {
      signal.throwIfAborted();
      problems.push(errorMessage(error));
    }
    return problems;
  });
}

function chooser(share: number): (object: string) => boolean {
  const salt = String(Date.now());
  const limit = share * 0x1_0000_0000;
  return (object) =>
    share >= 1 || createHash('sha256').update(salt).update(object).digest().readUInt32BE() < limit;
}

function comparingSink(entry: FileEntry, problems: string[]) {
  const hash = createHash('sha256');
  return {
    entry,
    write: (bytes: Buffer) => void hash.update(bytes),
    finish() {
      if (entry.sha256 !== undefined && hash.digest('hex') !== entry.sha256) {
        problems.push(`${shownPath(entry.path)}: its content is not what was stored`);
      }
    },
    abandon() {},
  };
}

export function listFiles(
  access: GitAccess,
  snapshot: Snapshot,
  { signal }: EngineWork,
  write: (line: string) => void,
): Promise<void> {
  return withScratch(access, async (directory) => {
    const gitDir = join(directory, 'git');
    const tip = await fetchWhole(access, gitDir, snapshot.id, signal);
    const { manifest } = await takeOut(access, gitDir, tip, directory, signal);
    for await (const entry of readManifest(manifest, signal)) {
      if (entry.path !== '') {
        write(`${shownPath(entry.path)}${entry.type === 'directory' ? '/' : ''}`);
      }
    }
  });
}

export function showFile(
  access: GitAccess,
  snapshot: Snapshot,
  path: string,
  { signal }: EngineWork,
  write: (chunk: Buffer) => void | Promise<void>,
): Promise<void> {
  return withScratch(access, async (directory) => {
    const gitDir = join(directory, 'git');
    const { facts } = await fetchWhole(access, gitDir, snapshot.id, signal);
    const bytes = Buffer.from(path).toString('latin1');
    const inTree = Buffer.from(facts === undefined ? bytes : treePath(bytes), 'latin1').toString();
    const name = `${snapshot.id}:${inTree}`;
    const type = await access.run(['cat-file', '-t', name], { gitDir, signal }).catch(() => 'missing');
    if (type !== 'blob') {
      throw BACKUP_ERRORS.snapshot_missing({
        message: `there is no file ${path} in snapshot ${snapshot.id}`,
      });
    }
    await access.run(['cat-file', 'blob', name], { gitDir, signal, onStdout: write });
  });
}
