/** The entries of a tree in the order of manifests, with their status; nothing is followed or read. */
import type { BigIntStats } from 'node:fs';
import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import type { ByteName } from '../../core/foreign-files/entry-name.ts';
import { mountsOf } from '../../core/foreign-files/mounts.ts';
import { type BytePath, joined, type LeftOutType, shownPath } from './entry.ts';
import { MANIFEST_ERRORS } from './errors.ts';
import type { IsExcluded } from './exclude.ts';
import { closeUnless } from './in-directory.ts';
import { MAX_DEPTH } from './parser.ts';

/** An entry that was found; its directory is open until the next ones are asked for. */
export interface Found {
  readonly path: BytePath;
  readonly name: ByteName;
  /** What it lies in; for the root of the tree itself. */
  readonly parent: ByteDirectory;
  readonly status: BigIntStats;
  readonly kind: 'directory' | 'file' | 'symlink' | LeftOutType;
}

interface Level {
  readonly directory: ByteDirectory;
  readonly path: BytePath;
  readonly names: readonly ByteName[];
  next: number;
}

/** So many, or as many as are found in this time, and others can work again. */
const AT_A_TIME = 128;
const SLICE_MS = 10;
const ENTRIES_BETWEEN_CLOCK_READS = 16;

/**
 * Not an asynchronous generator, which costs more than a system call for each entry: who takes the entries lets others work
 * in between (`createBreather`).
 * @throws PillionError `read_failed`, `volume_too_deep`
 */
export function* walkTree(root: ByteDirectory, isExcluded: IsExcluded): Generator<Found, void, undefined> {
  for (const some of walkBySome(root, isExcluded)) {
    yield* some;
  }
}

/**
 * The same for who takes some at a time: all of them lie in one directory, which is open until the next are asked for.
 * @throws PillionError `read_failed`, `volume_too_deep`
 */
export function* walkBySome(
  root: ByteDirectory,
  isExcluded: IsExcluded,
): Generator<readonly Found[], void, undefined> {
  const levels: Level[] = [];
  const enter = (directory: ByteDirectory, path: BytePath) =>
    levels.push({ directory, path, names: directory.names(), next: 0 });
  const status = root.status();
  const isMounted = createIsMounted(root, status.dev);
  try {
    yield [{ path: '', name: '.', parent: root, status, kind: 'directory' }];
    enter(root, '');
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const some = nextOf(level, isExcluded, isMounted);
      if (some.length > 0) {
        yield some;
      }
      const last = some.at(-1);
      const child = last?.kind === 'directory' ? level.directory.open(last.name) : undefined;
      if (last !== undefined && child !== undefined) {
        if (levels.length > MAX_DEPTH) {
          child.close();
          throw MANIFEST_ERRORS.volume_too_deep({ path: shownPath(last.path) });
        }
        enter(child, last.path);
      } else if (level.next >= level.names.length) {
        levels.pop();
        closeUnless(root, level.directory);
      }
    }
  } finally {
    levels.forEach(({ directory }) => closeUnless(root, directory));
  }
}

/** Up to the next directory, which comes before what follows it. */
function nextOf(level: Level, isExcluded: IsExcluded, isMounted: IsMounted): Found[] {
  const { directory, names } = level;
  return directory.within(() => {
    const some: Found[] = [];
    const end = performance.now() + SLICE_MS;
    const isEnough = () =>
      some.length >= AT_A_TIME ||
      (some.length % ENTRIES_BETWEEN_CLOCK_READS === 1 && performance.now() >= end) ||
      some.at(-1)?.kind === 'directory';
    while (level.next < names.length && !isEnough()) {
      const name = names[level.next] as ByteName;
      level.next += 1;
      const path = joined(level.path, name);
      const found = isExcluded(path) ? undefined : entryOf(directory, name, path, isMounted);
      if (found !== undefined) {
        some.push(found);
      }
    }
    return some;
  });
}

type IsMounted = (path: BytePath, status: BigIntStats) => boolean;

/** Files can be mounted, too; a bind mount may be of the same device, and a device be another without a mount (Btrfs). */
function createIsMounted(root: ByteDirectory, device: bigint): IsMounted {
  const mounts = mountsOf(root);
  return (path, { dev }) => dev !== device || (mounts.size > 0 && mounts.has(path));
}

/** Undefined when it has gone in the meantime. */
function entryOf(
  parent: ByteDirectory,
  name: ByteName,
  path: BytePath,
  isMounted: IsMounted,
): Found | undefined {
  const status = parent.stat(name);
  return (
    status && { path, name, parent, status, kind: isMounted(path, status) ? 'other mount' : kindOf(status) }
  );
}

function kindOf(status: BigIntStats): Exclude<Found['kind'], 'other mount'> {
  if (status.isDirectory()) {
    return 'directory';
  }
  if (status.isFile()) {
    return 'file';
  }
  if (status.isSymbolicLink()) {
    return 'symlink';
  }
  if (status.isFIFO()) {
    return 'fifo';
  }
  return status.isSocket() ? 'socket' : 'device';
}
