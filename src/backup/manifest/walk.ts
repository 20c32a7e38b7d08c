/** The entries of a tree in the order of manifests, with their status; nothing is followed or read. */
import type { BigIntStats } from 'node:fs';
import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import type { ByteName } from '../../core/foreign-files/entry-name.ts';
import { type BytePath, joined, type LeftOutType, shownPath } from './entry.ts';
import { MANIFEST_ERRORS } from './errors.ts';
import type { IsExcluded } from './exclude.ts';
import { MAX_DEPTH } from './parser.ts';

/** An entry that was found; its directory is open until the next one is asked for. */
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

/**
 * Not an asynchronous generator, which costs more than a system call for each entry: who takes the entries lets others work
 * in between (`createBreather`).
 * @throws PillionError `read_failed`, `volume_too_deep`
 */
export function* walkTree(root: ByteDirectory, isExcluded: IsExcluded): Generator<Found, void, undefined> {
  const levels: Level[] = [];
  const enter = (directory: ByteDirectory, path: BytePath) =>
    levels.push({ directory, path, names: directory.names(), next: 0 });
  const status = root.status();
  try {
    yield { path: '', name: '.', parent: root, status, kind: 'directory' };
    enter(root, '');
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const name = level.names[level.next];
      level.next += 1;
      if (name === undefined) {
        levels.pop();
        closeUnless(root, level.directory);
        continue;
      }
      const path = joined(level.path, name);
      const found = isExcluded(path) ? undefined : look(level.directory, name, path, status.dev);
      if (found === undefined) {
        continue;
      }
      yield found;
      const child = found.kind === 'directory' ? level.directory.open(name) : undefined;
      if (child !== undefined) {
        if (levels.length > MAX_DEPTH) {
          child.close();
          throw MANIFEST_ERRORS.volume_too_deep({ path: shownPath(path) });
        }
        enter(child, path);
      }
    }
  } finally {
    levels.forEach(({ directory }) => closeUnless(root, directory));
  }
}

function closeUnless(root: ByteDirectory, directory: ByteDirectory): void {
  if (directory !== root) {
    directory.close();
  }
}

/** Undefined when it has gone in the meantime. */
function look(parent: ByteDirectory, name: ByteName, path: BytePath, device: bigint): Found | undefined {
  const status = parent.stat(name);
  return status === undefined ? undefined : { path, name, parent, status, kind: kindOf(status, device) };
}

function kindOf(status: BigIntStats, device: bigint): Found['kind'] {
  if (status.isDirectory()) {
    return status.dev === device ? 'directory' : 'other file system';
  }
  if (status.isFile()) {
    return status.dev === device ? 'file' : 'other file system';
  }
  if (status.isSymbolicLink()) {
    return 'symlink';
  }
  if (status.isFIFO()) {
    return 'fifo';
  }
  return status.isSocket() ? 'socket' : 'device';
}
