/**
 * What a repository in a directory looks like:
 *
 *     pillion-repository.json      that it is one
 *     objects/ab/cdef...           content of files, by its SHA-256
 *     snapshots/ID.mtree           the manifest
 *     snapshots/ID.json            written last: without it there is no snapshot
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, readSync, writeSync } from 'node:fs';
import * as v from 'valibot';
import { createBreather } from '../../../core/breather.ts';
import { isPillionError } from '../../../core/errors.ts';
import { FILE_ERRORS, fileError } from '../../../core/files/file-error.ts';
import { type ByteDirectory, openByteRoot } from '../../../core/foreign-files/byte-directory.ts';
import { parseJson } from '../../../core/parse-json.ts';
import { randomId } from '../../../core/random-id.ts';
import { wholeNumber } from '../../../core/whole-number.ts';
import type { RepositoryState, Snapshot, UnknownReason } from '../../model.ts';

export const CONFIG = 'pillion-repository.json';
export const CONFIG_TEXT = `${JSON.stringify({ version: 1, format: 'pillion-dir' })}\n`;
export const OBJECTS = 'objects';
export const SNAPSHOTS = 'snapshots';
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
/** It has two for each file that changed while it was stored. */
const LIMITS = { values: 1_000_000, shapes: 500_000 };
const CHUNK_BYTES = 256 * 1024;
const MODE = 0o700;

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const whole = wholeNumber();
const RECORD = v.object({
  version: v.literal(1),
  name: v.string(),
  time: whole,
  files: whole,
  bytes: whole,
  isPartial: v.boolean(),
  manifest: hash,
  /** Content of files that have none in the manifest as they were changing, by their path in bytes. */
  changing: v.record(v.string(), hash),
  /** What had gone when it was to be stored, where that is usual; paths in bytes. */
  gone: v.optional(v.array(v.string()), []),
});
/** Below `./`, for a file may have a name that means something in an object of JavaScript: `__proto__`. */
const keyOf = (path: string): string => `./${path}`;

/** The content of a file that was changing, by its path in bytes; records of before have bare paths. */
export function changingContent({ changing }: SnapshotRecord, path: string): string | undefined {
  const key = [keyOf(path), path].find((each) => Object.hasOwn(changing, each));
  return key === undefined ? undefined : changing[key];
}

/** For the record. */
export const changingEntry = (path: string, content: string): Record<string, string> => ({
  [keyOf(path)]: content,
});

export type SnapshotRecord = v.InferOutput<typeof RECORD>;

export interface StoredRecord extends SnapshotRecord {
  readonly id: string;
}

/** The repository for the time of `use`. */
export async function withRepository<T>(
  path: string,
  use: (repository: ByteDirectory) => Promise<T> | T,
): Promise<T> {
  const repository = openByteRoot(path);
  try {
    return await use(repository);
  } finally {
    repository.close();
  }
}

/** A directory in it for the time of `use`, which is made when it is missing and `isMade`. */
export function within<T>(
  parent: ByteDirectory,
  name: string,
  use: (directory: ByteDirectory) => T,
  isMade = false,
): T {
  const found = parent.open(name) ?? (isMade ? parent.make(name, MODE) : undefined);
  if (found === undefined) {
    throw fileError(
      FILE_ERRORS.read_failed,
      `${parent.shownPath}/${name}`,
      Object.assign(new Error('ENOENT: no such directory'), { code: 'ENOENT' }),
    );
  }
  let isPending = false;
  try {
    const result = use(found);
    if (result instanceof Promise) {
      isPending = true;
      return result.finally(() => found.close()) as T;
    }
    return result;
  } finally {
    if (!isPending) {
      found.close();
    }
  }
}

/** Writes a file that appears as a whole, and survives a power loss. `produce` hands its bytes to `write`. */
export async function writeWhole(
  directory: ByteDirectory,
  name: string,
  produce: (write: (bytes: Uint8Array) => void) => Promise<void> | void,
): Promise<void> {
  const temporary = `.tmp-${randomId()}`;
  const fd = directory.createFile(temporary);
  try {
    try {
      await produce((bytes) => {
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(fd, bytes, done);
        }
      });
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    directory.rename(temporary, directory, name);
  } catch (error) {
    try {
      directory.unlink(temporary);
    } catch {
      // the first failure is the one to tell
    }
    throw fileError(FILE_ERRORS.write_failed, `${directory.shownPath}/${name}`, error);
  }
}

/**
 * Hands out a file's bytes; undefined when there is none. The chunk is good until what it returns is resolved.
 * @param maxBytes of a file that is longer, not much more is read: it is not what it should be
 */
export async function readWhole(
  directory: ByteDirectory,
  name: string,
  onChunk: (bytes: Buffer) => void | Promise<void>,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<{ readonly size: number; readonly sha256: string } | undefined> {
  const fd = directory.openFile(name);
  if (fd === undefined) {
    return undefined;
  }
  try {
    const sum = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, fstatSync(fd).size + 1));
    // Signals and health checks have their turn during a large file, too.
    const breathe = createBreather();
    for (let size = 0; ; ) {
      const length = readSync(fd, buffer, 0, buffer.length, null);
      if (length === 0 || size > maxBytes) {
        return { size, sha256: sum.digest('hex') };
      }
      const bytes = buffer.subarray(0, length);
      sum.update(bytes);
      size += length;
      await onChunk(bytes);
      await breathe();
    }
  } catch (error) {
    throw isPillionError(error)
      ? error
      : fileError(FILE_ERRORS.read_failed, `${directory.shownPath}/${name}`, error);
  } finally {
    closeSync(fd);
  }
}

export async function readText(directory: ByteDirectory, name: string): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let total = 0;
  const keep = (bytes: Buffer): void => {
    total += bytes.length;
    if (total <= MAX_RECORD_BYTES) {
      chunks.push(Buffer.from(bytes));
    }
  };
  const found = await readWhole(directory, name, keep, MAX_RECORD_BYTES);
  return found === undefined ? undefined : Buffer.concat(chunks).toString('utf8');
}

const ID = /^([\w.-]{1,100})\.json$/;

/** All snapshots of all volumes, and the ids of those whose record cannot be read. */
export async function listRecords(
  repository: ByteDirectory,
): Promise<{ readonly records: readonly StoredRecord[]; readonly damaged: readonly string[] }> {
  return await within(repository, SNAPSHOTS, async (directory) => {
    const records: StoredRecord[] = [];
    const damaged: string[] = [];
    for (const name of directory.names()) {
      const id = ID.exec(name)?.[1];
      if (id === undefined || name.startsWith('.')) {
        continue;
      }
      try {
        records.push({ id, ...v.parse(RECORD, parseJson((await readText(directory, name)) ?? '', LIMITS)) });
      } catch {
        damaged.push(id);
      }
    }
    return { records, damaged };
  });
}

export const snapshotOf = ({ id, time, files, bytes, isPartial }: StoredRecord): Snapshot => ({
  id,
  time,
  manifest: `${id}.mtree`,
  files,
  bytes,
  isPartial,
});

/** What is known of the repository of a volume from its records. Pure. */
export function stateOf(
  name: string,
  { records, damaged }: Awaited<ReturnType<typeof listRecords>>,
  shown: string,
): RepositoryState {
  const own = records.filter((record) => record.name === name);
  if (own.length > 0) {
    const snapshots = own.map(snapshotOf).toSorted((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1));
    return { kind: 'HAS', snapshots, damaged };
  }
  if (damaged.length > 0) {
    const message = `${shown}: ${damaged.length} snapshots cannot be read, and there are no others of this volume`;
    return { kind: 'UNKNOWN', reason: { kind: 'damaged', message, hint: 'see what changed the repository' } };
  }
  return { kind: 'NONE' };
}

const KINDS: Readonly<Record<string, UnknownReason['kind']>> = {
  EACCES: 'denied',
  EPERM: 'denied',
  ENOENT: 'absent',
  ENOTDIR: 'absent',
  ETIMEDOUT: 'unreachable',
  ESTALE: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENOTCONN: 'unreachable',
};

/** Why a repository could not be looked at. */
export function reasonOf(error: unknown): UnknownReason {
  if (isPillionError(error)) {
    const kind = KINDS[String(error.facts['systemCode'])] ?? 'failed';
    return {
      kind,
      message: error.message,
      hint: kind === 'absent' ? 'mount it there, or make it with `pillion backup --init`' : error.hint,
    };
  }
  return { kind: 'failed', message: String(error), hint: undefined };
}
