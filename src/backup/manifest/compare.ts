/** Compares a tree with a manifest, both ways and in one pass: both are in the same order. */
import { createHash } from 'node:crypto';
import { type Breather, createBreather } from '../../core/breather.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { CompareOptions, Comparison } from '../model.ts';
import { hashSmallFile, readStableFile } from './content.ts';
import { compareInTree, type Entry, type FileEntry, shownPath } from './entry.ts';
import { createExclusion } from './exclude.ts';
import { manifestEntries, NONE } from './files.ts';
import { createUnsteady } from './unsteady.ts';
import { type Found, walkTree } from './walk.ts';

/**
 * Node sets times as doubles of seconds, which are 238 ns apart in this century: one is up to 119 ns off. Node 22 then cuts
 * them to whole microseconds.
 */
const TIME_TOLERANCE_NS = 1_000n + 119n;

/** Whether a time that was read is the one that was to be set. */
export function isSameTime(foundNs: bigint, wantedNs: bigint): boolean {
  const difference = foundNs - wantedNs;
  return difference <= TIME_TOLERANCE_NS && difference >= -TIME_TOLERANCE_NS;
}

const SET_ID_BITS = 0o6000;
const MAX_EXAMPLES = 20;
const PROGRESS_MS = 500;

/**
 * What no snapshot keeps (FIFOs, sockets, devices) may be there; so may our own folder.
 * @throws PillionError `manifest_invalid`, `read_failed`, or the signal's reason
 */
export async function compareTree(
  root: string,
  manifest: string,
  options: CompareOptions,
): Promise<Comparison> {
  const tree = openByteRoot(root);
  const report = createReport(options);
  const isExcluded = createExclusion(options.exclude ?? []);
  const found = walkTree(tree, isExcluded);
  const expected = manifestEntries(manifest);
  try {
    await merge(found, expected, report, createBreather(options.signal));
    return report.result();
  } finally {
    found.return();
    expected.return(NONE);
    tree.close();
  }
}

async function merge(
  found: Generator<Found, void>,
  expected: Generator<Entry, unknown>,
  report: Report,
  breathe: Breather,
): Promise<void> {
  let actual = nextContent(found);
  let entry = nextOf(expected);
  while (actual !== undefined || entry !== undefined) {
    const pause = breathe();
    if (pause !== undefined) {
      await pause;
    }
    const order = orderOf(actual, entry);
    if (order < 0 && actual !== undefined) {
      report.extra(actual);
    } else if (order > 0 && entry !== undefined) {
      report.missing(entry);
    } else if (actual !== undefined && entry !== undefined) {
      const pending = report.both(actual, entry);
      if (pending !== undefined) {
        await pending;
      }
    }
    // Only then, as going on closes the directory of what was found.
    actual = order <= 0 ? nextContent(found) : actual;
    entry = order >= 0 ? nextOf(expected) : entry;
  }
}

function orderOf(actual: Found | undefined, entry: Entry | undefined): number {
  if (actual === undefined) {
    return 1;
  }
  return entry === undefined ? -1 : compareInTree(actual.path, entry.path);
}

function nextOf(entries: Generator<Entry, unknown>): Entry | undefined {
  const next = entries.next();
  return next.done === true ? undefined : next.value;
}

function nextContent(found: Generator<Found, void>): Found | undefined {
  for (;;) {
    const next = found.next();
    if (next.done === true) {
      return undefined;
    }
    if (['directory', 'file', 'symlink'].includes(next.value.kind)) {
      return next.value;
    }
  }
}

interface Report {
  extra(found: Found): void;
  missing(entry: Entry): void;
  /** Undefined where nothing has to be waited for. */
  both(found: Found, entry: Entry): Promise<void> | undefined;
  result(): Comparison;
}

function createReport(options: CompareOptions): Report {
  const breathe = createBreather(options.signal);
  const isRead = createSample(options);
  const linked = createLinks();
  const unsteady = createUnsteady();
  const examples: string[] = [];
  let problems = 0;
  let owners = 0;
  let files = 0;
  let bytes = 0;
  let nextProgress = performance.now() + PROGRESS_MS;

  function problem(path: string, what: string): void {
    problems += 1;
    if (examples.length < MAX_EXAMPLES) {
      examples.push(`${shownPath(path)}: ${what}`);
    }
  }

  function progress(): void {
    if (options.onProgress !== undefined && performance.now() >= nextProgress) {
      nextProgress = performance.now() + PROGRESS_MS;
      options.onProgress({ phase: 'verify', filesDone: files, bytesDone: bytes });
    }
  }

  function cameOrWent(path: string, isDirectory: boolean, what: string): void {
    if (!unsteady.has(path)) {
      problem(path, what);
    } else if (isDirectory) {
      unsteady.add(path);
    }
  }

  return {
    extra: ({ path, kind }) => cameOrWent(path, kind === 'directory', 'is there, but not in the snapshot'),
    missing: ({ path, type }) => cameOrWent(path, type === 'directory', 'is missing'),
    both(found, entry) {
      if (entry.type === 'directory' && entry.isChanging === true) {
        unsteady.add(entry.path);
      }
      const mayBeAnother = unsteady.has(entry.path);
      if (found.kind !== entry.type && mayBeAnother) {
        unsteady.add(entry.path);
        return undefined;
      }
      if (found.kind !== entry.type) {
        problem(entry.path, `is a ${found.kind}, not a ${entry.type}`);
        return undefined;
      }
      const { status } = found;
      if (Number(status.uid) !== entry.uid || Number(status.gid) !== entry.gid) {
        owners += 1;
      }
      const faults = entry.type === 'symlink' && mayBeAnother ? [] : metadataFaults(found, entry);
      faults.forEach((fault) => problem(entry.path, fault));
      if (entry.type !== 'file') {
        return undefined;
      }
      files += 1;
      bytes += entry.size;
      const isLinked = linked(entry, status.ino);
      if (!isLinked) {
        problem(entry.path, 'is not the same file as its hard link');
      }
      const take = (fault: string | undefined): void => {
        if (fault !== undefined) {
          problem(entry.path, fault);
        }
        progress();
      };
      const fault = contentFault(found, entry, isRead(entry), breathe);
      if (fault instanceof Promise) {
        return fault.then(take);
      }
      take(fault);
      return undefined;
    },
    result: () => ({ problems, examples, owners, files, bytes }),
  };
}

function metadataFaults({ status, parent, name }: Found, entry: Entry): string[] {
  const faults: string[] = [];
  const mode = Number(status.mode) & 0o7777;
  if (entry.type === 'symlink') {
    const target = parent.readlink(name);
    return target === entry.target
      ? []
      : [`leads to ${shownPath(target)}, not to ${shownPath(entry.target)}`];
  }
  // Who cannot give a file away cannot give it the bits that mean something for its owner either.
  const isForeign = Number(status.uid) !== entry.uid || Number(status.gid) !== entry.gid;
  const compared = isForeign ? ~SET_ID_BITS : ~0;
  if ((mode & compared) !== (entry.mode & compared)) {
    faults.push(`has mode ${mode.toString(8)}, not ${entry.mode.toString(8)}`);
  }
  const isChanging = entry.isChanging === true;
  if (!isSameTime(status.mtimeNs, entry.mtimeNs) && !isChanging && canBeRestored(entry.mtimeNs)) {
    faults.push('has another time of its last change');
  }
  return faults;
}

/**
 * restic gives a file a time that is a 64-bit number of nanoseconds: what lies before 1677 or after 2262, as a broken clock or
 * a zero of Windows makes it, becomes another. That is no reason to give a whole snapshot up.
 */
const canBeRestored = (timeNs: bigint): boolean => BigInt.asIntN(64, timeNs) === timeNs;

/** At once for what is not read, or is small: that is nearly all of most trees. */
function contentFault(
  found: Found,
  entry: FileEntry,
  isRead: boolean,
  breathe: Breather,
): string | undefined | Promise<string | undefined> {
  const { status, parent, name } = found;
  if (entry.isChanging) {
    return undefined;
  }
  if (status.size !== BigInt(entry.size)) {
    return `has ${status.size} bytes, not ${entry.size}`;
  }
  if (!isRead) {
    return undefined;
  }
  const hash = hashSmallFile(parent, name, status);
  return hash === undefined ? readFault(found, entry, breathe) : faultOf(hash, entry);
}

const faultOf = (sha256: string, entry: FileEntry): string | undefined =>
  sha256 === entry.sha256 ? undefined : 'has other content';

async function readFault(
  { parent, name }: Found,
  entry: FileEntry,
  breathe: Breather,
): Promise<string | undefined> {
  const content = await readStableFile(parent, name, { breathe });
  return content === undefined ? 'changed while it was read' : faultOf(content.sha256, entry);
}

/** Which files are read: a part of all that is the same for the same seed, and another one for another. */
function createSample({ share, seed = '' }: CompareOptions): (entry: FileEntry) => boolean {
  if (share >= 1) {
    return () => true;
  }
  const limit = share * 0x1_0000_0000;
  return ({ path }) =>
    createHash('sha256').update(seed).update('\0').update(path, 'latin1').digest().readUInt32BE() < limit;
}

/** Whether the names of one file in the manifest are those of one file in the tree. */
function createLinks(): (entry: FileEntry, inode: bigint) => boolean {
  const inodes = new Map<number, bigint>();
  return ({ links }, inode) => {
    if (links === undefined) {
      return true;
    }
    const first = inodes.get(links);
    inodes.set(links, first ?? inode);
    return first === undefined || first === inode;
  };
}
