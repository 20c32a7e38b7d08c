/** Reads the content of a file that others may be writing to. */

import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, fstatSync, readSync } from 'node:fs';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import { type ByteName, shownName } from '../../core/foreign-files/entry-name.ts';

const CHUNK_BYTES = 256 * 1024;
const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);

/** What was read of a file. */
export interface FileContent {
  readonly size: number;
  readonly sha256: string;
  readonly status: BigIntStats;
}

export interface ReadOptions {
  /** Takes the content; the bytes are only good until the function returns or what it returns is resolved. */
  readonly consume?: (bytes: Buffer, status: BigIntStats) => void | Promise<void>;
  /** Called between chunks. */
  readonly breathe?: () => Promise<void> | undefined;
}

/** Undefined when there is no such file, and when it changed while it was read: what was read is torn then. */
export async function readStableFile(
  parent: ByteDirectory,
  name: ByteName,
  { consume, breathe }: ReadOptions = {},
): Promise<FileContent | undefined> {
  const fd = parent.openFile(name);
  if (fd === undefined) {
    return undefined;
  }
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) {
      return undefined;
    }
    const hash = createHash('sha256');
    const read = consume === undefined ? readAll : readAllFor(consume, before);
    const size = await read(fd, hash, breathe);
    const after = fstatSync(fd, { bigint: true });
    const isStable = isUnchanged(before, after) && BigInt(size) === before.size;
    return isStable ? { size, sha256: hash.digest('hex'), status: after } : undefined;
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, `${parent.shownPath}/${shownName(name)}`, error);
  } finally {
    closeSync(fd);
  }
}

/** Whether it is the same file with the same content, as far as its status tells. */
export function isUnchanged(before: BigIntStats, after: BigIntStats): boolean {
  return (
    before.ino === after.ino &&
    before.size === after.size &&
    before.mtimeNs === after.mtimeNs &&
    before.ctimeNs === after.ctimeNs
  );
}

type ReadAll = (fd: number, hash: Hash, breathe: ReadOptions['breathe']) => number | Promise<number>;

const readAll: ReadAll = (fd, hash, breathe) => {
  const length = readSync(fd, buffer, 0, CHUNK_BYTES, null);
  hash.update(buffer.subarray(0, length));
  return length < CHUNK_BYTES ? length : readRest(fd, hash, breathe, length);
};

async function readRest(
  fd: number,
  hash: Hash,
  breathe: ReadOptions['breathe'],
  already: number,
): Promise<number> {
  let size = already;
  for (;;) {
    await breathe?.();
    const length = readSync(fd, buffer, 0, CHUNK_BYTES, null);
    if (length === 0) {
      return size;
    }
    hash.update(buffer.subarray(0, length));
    size += length;
  }
}

function readAllFor(consume: NonNullable<ReadOptions['consume']>, status: BigIntStats): ReadAll {
  return async (fd, hash, breathe) => {
    const own = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Number(status.size) + 1));
    for (let size = 0; ; ) {
      const length = readSync(fd, own, 0, own.length, null);
      if (length === 0) {
        return size;
      }
      const bytes = own.subarray(0, length);
      hash.update(bytes);
      size += length;
      await consume(bytes, status);
      await breathe?.();
    }
  };
}
