/** A volume to a manifest: every entry described, every file's content hashed, nothing changed. */
import type { BigIntStats } from 'node:fs';
import { type Breather, createBreather } from '../../core/breather.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { OnProgress, ScanOptions, ScanResult } from '../model.ts';
import { readStableFile } from './content.ts';
import { type BytePath, type Entry, type FileEntry, NS_PER_SECOND, shownPath } from './entry.ts';
import { createExclusion } from './exclude.ts';
import { createManifestWriter, type ManifestWriter } from './files.ts';
import { createKnownFiles, type KnownFiles } from './known-files.ts';
import { type Found, walkTree } from './walk.ts';

/** A file that is written to all the time is read so often, then it is marked. */
const ATTEMPTS = 3;
/** Clocks of file systems are coarse: a file that changed just before it was read may change again in the same tick. */
const SETTLED_NS = 2n * NS_PER_SECOND;
const MAX_NAMED = 100;
const PROGRESS_MS = 500;

/**
 * Describes a tree in a file, sorted by path, line by line; memory does not grow with the tree.
 * @throws PillionError `read_failed`, `write_failed`, `volume_too_deep`, or the signal's reason
 */
export async function scanVolume(root: string, manifest: string, options: ScanOptions): Promise<ScanResult> {
  const volume = openByteRoot(root);
  const known = createKnownFiles(options.previous, options.signal);
  const writer = createManifestWriter(manifest);
  const scan = createScan(writer, known, options);
  try {
    const isExcluded = createExclusion(options.exclude);
    for await (const found of walkTree(volume, { isExcluded, signal: options.signal })) {
      await scan.take(found);
    }
    return { ...writer.finish(), ...scan.result() };
  } finally {
    writer.close();
    await known.close();
    volume.close();
  }
}

function createScan(writer: ManifestWriter, known: KnownFiles, options: ScanOptions) {
  const breathe = createBreather(options.signal);
  const changing = new Set(options.changing?.map((path) => path.toString('latin1')));
  const readers: Reader = { known, changing, breathe, groups: new Map(), groupCount: 0 };
  const leftOut: { path: string; type: string }[] = [];
  let leftOutCount = 0;
  let changed = 0;
  const tell = createTeller(options.onProgress);

  return {
    async take(found: Found): Promise<void> {
      const entry = await describe(found, readers);
      if (entry === undefined) {
        return; // it has gone
      }
      if (entry === 'left out') {
        leftOutCount += 1;
        if (leftOut.length < MAX_NAMED) {
          leftOut.push({ path: shownPath(found.path), type: found.kind });
        }
        return;
      }
      if (entry.type === 'file') {
        changed += entry.isChanging ? 1 : 0;
        tell(entry.size);
      }
      writer.add(entry);
    },
    result: () => ({ leftOut, leftOutCount, changing: changed }),
  };
}

function createTeller(onProgress: OnProgress | undefined): (bytes: number) => void {
  let filesDone = 0;
  let bytesDone = 0;
  let next = performance.now() + PROGRESS_MS;
  return (bytes) => {
    filesDone += 1;
    bytesDone += bytes;
    if (onProgress !== undefined && performance.now() >= next) {
      next = performance.now() + PROGRESS_MS;
      onProgress({ phase: 'scan', filesDone, bytesDone });
    }
  };
}

interface Reader {
  readonly known: KnownFiles;
  readonly changing: ReadonlySet<BytePath>;
  readonly breathe: Breather;
  /** Files of which more names are to come, by their inode. */
  readonly groups: Map<bigint, { readonly file: FileEntry; namesLeft: number }>;
  groupCount: number;
}

function describe(found: Found, reader: Reader): Promise<Entry | undefined> | Entry | 'left out' {
  const common = commonOf(found.path, found.status);
  switch (found.kind) {
    case 'directory':
      return {
        type: 'directory',
        ...common,
        ...(reader.changing.has(found.path) ? { isChanging: true } : {}),
      };
    case 'symlink':
      return { type: 'symlink', ...common, target: found.parent.readlink(found.name) };
    case 'file':
      return found.status.nlink > 1n ? describeLinked(found, reader) : describeFile(found, reader, undefined);
    default:
      return 'left out';
  }
}

const commonOf = (path: BytePath, status: BigIntStats) => ({
  path,
  mode: Number(status.mode) & 0o7777,
  uid: Number(status.uid),
  gid: Number(status.gid),
  mtimeNs: status.mtimeNs,
});

async function describeLinked(found: Found, reader: Reader): Promise<Entry | undefined> {
  const { ino, nlink } = found.status;
  const known = reader.groups.get(ino);
  if (known !== undefined && (known.file.isChanging || isSameFile(known.file, found.status))) {
    known.namesLeft -= 1;
    if (known.namesLeft <= 0) {
      reader.groups.delete(ino);
    }
    return { ...known.file, path: found.path };
  }
  // One that changed since its other name was read is not what that is in this manifest any more.
  reader.groupCount += 1;
  const file = await describeFile(found, reader, reader.groupCount);
  if (file !== undefined) {
    reader.groups.set(ino, { file, namesLeft: Number(nlink) - 1 });
  }
  return file;
}

const isSameFile = ({ size, mtimeNs, identity }: FileEntry, status: BigIntStats): boolean =>
  BigInt(size) === status.size && mtimeNs === status.mtimeNs && identity?.ctimeNs === status.ctimeNs;

async function describeFile(
  found: Found,
  { known, changing, breathe }: Reader,
  links: number | undefined,
): Promise<FileEntry | undefined> {
  const { path, parent, name, status } = found;
  if (changing.has(path)) {
    return changingFile(path, status, links);
  }
  const hash = await known.find(path, status);
  if (hash !== undefined) {
    return stableFile(path, status, links, hash);
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const content = await readStableFile(parent, name, { breathe });
    if (content !== undefined) {
      return stableFile(path, content.status, links, content.sha256);
    }
  }
  const now = parent.stat(name);
  return now?.isFile() === true ? changingFile(path, now, links) : undefined;
}

function changingFile(path: BytePath, status: BigIntStats, links: number | undefined): FileEntry {
  const size = Number(status.size);
  const own = { size, sha256: undefined, links, isChanging: true, identity: undefined };
  return { type: 'file', ...commonOf(path, status), ...own };
}

function stableFile(
  path: BytePath,
  status: BigIntStats,
  links: number | undefined,
  sha256: string,
): FileEntry {
  const { ino: inode, ctimeNs } = status;
  const identity = { inode, ctimeNs, isRecent: BigInt(Date.now()) * 1_000_000n - ctimeNs <= SETTLED_NS };
  const own = { size: Number(status.size), sha256, links, isChanging: false, identity };
  return { type: 'file', ...commonOf(path, status), ...own };
}
