/** A volume to a manifest: every entry described, every file's content hashed, nothing changed. */
import type { BigIntStats } from 'node:fs';
import { type Breather, createBreather } from '../../core/breather.ts';
import { systemErrorCode } from '../../core/errors.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { OnProgress, ScanOptions, ScanResult, UnsettledFile } from '../model.ts';
import { hashSmallFile, readStableFile } from './content.ts';
import { type BytePath, type Entry, type FileEntry, NS_PER_SECOND, shownPath } from './entry.ts';
import { createExclusion } from './exclude.ts';
import { createManifestWriter, type ManifestWriter } from './files.ts';
import { createFingerprint } from './fingerprint.ts';
import { lineAroundHash, RECENT_TAG } from './format.ts';
import { createKnownFiles, type KnownFiles } from './known-files.ts';
import { isUnsettled } from './unsettled.ts';
import { type Found, walkBySome } from './walk.ts';

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
  const known = createKnownFiles(options.previous);
  const writer = createManifestWriter(manifest);
  const breathe = createBreather(options.signal);
  const scan = createScan(writer, known, breathe, options);
  try {
    for (const some of walkBySome(volume, createExclusion(options.exclude))) {
      await takeAll(some, (found) => scan.take(found) ?? breathe());
    }
    return { ...writer.finish(), ...scan.result() };
  } finally {
    writer.close();
    known.close();
    volume.close();
  }
}

/** From within their directory, as far as nothing has to be waited for. */
async function takeAll(
  some: readonly Found[],
  take: (found: Found) => Promise<void> | undefined,
): Promise<void> {
  let next = 0;
  const takeOn = (): Promise<void> | undefined => {
    let pending: Promise<void> | undefined;
    for (; pending === undefined && next < some.length; next += 1) {
      pending = take(some[next] as Found);
    }
    return pending;
  };
  while (next < some.length) {
    await some[next]?.parent.within(takeOn);
  }
}

function createScan(writer: ManifestWriter, known: KnownFiles, breathe: Breather, options: ScanOptions) {
  const changing = new Set(options.changing?.map((path) => path.toString('latin1')));
  const { signal } = options;
  const readers: Reader = { changing, known, breathe, signal, groups: new Map(), groupCount: 0 };
  const fingerprint = createFingerprint();
  const leftOut: { path: string; type: string }[] = [];
  const mounts: BytePath[] = [];
  const unsettled: UnsettledFile[] = [];
  let leftOutCount = 0;
  let changed = 0;
  const report = createProgressReporter(options.onProgress);

  function add(entry: Entry | undefined, readAt?: number): void {
    if (entry === undefined) {
      return; // it has gone
    }
    if (entry.type === 'file') {
      changed += entry.isChanging ? 1 : 0;
      report(entry.size);
      const { identity, sha256 } = entry;
      if (identity !== undefined && sha256 !== undefined && readAt !== undefined) {
        noteUnsettled(entry.path, identity.ctimeNs, sha256, readAt);
      }
    }
    writer.add(entry);
  }

  /** @param readAt when it was opened: later changes may have had the same time as that which it has */
  function noteUnsettled(path: BytePath, ctimeNs: bigint, sha256: string, readAt: number): void {
    if (isUnsettled(ctimeNs, readAt)) {
      unsettled.push({ path, ctimeNs, sha256 });
    }
  }

  function leaveOut({ path, kind }: Found): void {
    leftOutCount += 1;
    if (kind === 'other mount') {
      mounts.push(path);
    }
    if (leftOut.length < MAX_NAMED) {
      leftOut.push({ path: shownPath(path), type: kind });
    }
  }

  /** Takes a file that has one name, and a content that is known already or small: that is nearly all of them. */
  function addAtOnce({ path, parent, name, status }: Found): boolean {
    if (status.nlink > 1n || changing.has(path)) {
      return false;
    }
    const line = lineAroundHash(path, status);
    const earlier = known.find(path, status, line);
    const readAt = Date.now();
    const hash = earlier ?? hashSmallFile(parent, name, status);
    if (hash === undefined) {
      return false;
    }
    const bytes = Number(status.size);
    const tag = earlier === undefined && isRecent(status, readAt) ? RECENT_TAG : '';
    if (tag !== '') {
      noteUnsettled(path, status.ctimeNs, hash, readAt);
    }
    report(bytes);
    writer.addFileLine(`${line.before}${hash}${line.after}${tag}`, bytes);
    return true;
  }

  async function takeFile(found: Found): Promise<void> {
    const readAt = Date.now();
    add(await describeFile(found, readers), readAt);
  }

  return {
    /** Undefined where nothing has to be waited for. */
    take(found: Found): Promise<void> | undefined {
      fingerprint.add(found);
      switch (found.kind) {
        case 'directory':
        case 'symlink':
          add(describe(found, found.kind, changing));
          return undefined;
        case 'file':
          return addAtOnce(found) ? undefined : takeFile(found);
        default:
          leaveOut(found);
          return undefined;
      }
    },
    result: () => ({
      leftOut,
      leftOutCount,
      mounts,
      unsettled,
      changing: changed,
      fingerprint: fingerprint.digest(),
    }),
  };
}

function createProgressReporter(onProgress: OnProgress | undefined): (bytes: number) => void {
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
  readonly signal: AbortSignal;
  /** Files of which more names are to come, by their inode. */
  readonly groups: Map<bigint, { readonly file: FileEntry; namesLeft: number }>;
  groupCount: number;
}

function describe(
  { path, status, parent, name }: Found,
  kind: 'directory' | 'symlink',
  changing: ReadonlySet<BytePath>,
): Entry | undefined {
  const common = commonOf(path, status);
  if (kind === 'symlink') {
    const target = targetOf(parent, name);
    return target === undefined ? undefined : { type: 'symlink', ...common, target };
  }
  return { type: 'directory', ...common, ...(changing.has(path) ? { isChanging: true } : {}) };
}

/** Undefined when there is no link any more: then the directory has changed, which is seen when all has been read. */
function targetOf(parent: Found['parent'], name: Found['name']): string | undefined {
  try {
    return parent.readlink(name);
  } catch (error) {
    const code = systemErrorCode(error instanceof Error ? error.cause : undefined);
    if (code === 'ENOENT' || code === 'EINVAL') {
      return undefined;
    }
    throw error;
  }
}

const describeFile = (found: Found, reader: Reader): Promise<FileEntry | undefined> =>
  found.status.nlink > 1n ? describeLinked(found, reader) : describeOne(found, reader, undefined);

const commonOf = (path: BytePath, status: BigIntStats) => ({
  path,
  mode: Number(status.mode) & 0o7777,
  uid: Number(status.uid),
  gid: Number(status.gid),
  mtimeNs: status.mtimeNs,
});

async function describeLinked(found: Found, reader: Reader): Promise<FileEntry | undefined> {
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
  const file = await describeOne(found, reader, reader.groupCount);
  if (file !== undefined) {
    reader.groups.set(ino, { file, namesLeft: Number(nlink) - 1 });
  }
  return file;
}

const isSameFile = ({ size, mtimeNs, identity }: FileEntry, status: BigIntStats): boolean =>
  BigInt(size) === status.size && mtimeNs === status.mtimeNs && identity?.ctimeNs === status.ctimeNs;

async function describeOne(
  found: Found,
  { known, changing, breathe, signal }: Reader,
  links: number | undefined,
): Promise<FileEntry | undefined> {
  const { path, parent, name, status } = found;
  if (changing.has(path)) {
    return changingFile(path, status, links);
  }
  const hash = known.find(path, status, lineAroundHash(path, status));
  if (hash !== undefined) {
    return stableFile(path, status, { links, sha256: hash, readAt: Date.now() });
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const readAt = Date.now();
    const content = await readStableFile(parent, name, { breathe, signal });
    if (content !== undefined) {
      return stableFile(path, content.status, { links, sha256: content.sha256, readAt });
    }
  }
  const now = parent.stat(name);
  return now?.isFile() === true ? changingFile(path, now, links) : undefined;
}

/** @param readAt when it was opened, in ms since 1970, by the machine's clock, as all times of files are */
const isRecent = ({ ctimeNs }: BigIntStats, readAt: number): boolean =>
  BigInt(readAt) * 1_000_000n - ctimeNs <= SETTLED_NS;

function changingFile(path: BytePath, status: BigIntStats, links: number | undefined): FileEntry {
  const size = Number(status.size);
  const own = { size, sha256: undefined, links, isChanging: true, identity: undefined };
  return { type: 'file', ...commonOf(path, status), ...own };
}

function stableFile(
  path: BytePath,
  status: BigIntStats,
  {
    links,
    sha256,
    readAt,
  }: { readonly links: number | undefined; readonly sha256: string; readonly readAt: number },
): FileEntry {
  const { ino: inode, ctimeNs } = status;
  const identity = { inode, ctimeNs, isRecent: isRecent(status, readAt) };
  const own = { size: Number(status.size), sha256, links, isChanging: false, identity };
  return { type: 'file', ...commonOf(path, status), ...own };
}
