/** What an index says of the files of a tree, without a process. The form is gitformat-index(5)'s, versions 2 and 3. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ObjectFormat } from './object-name.ts';

/** Of a file when git has written it. The numbers are the system's, cut to 32 bits. */
export interface IndexEntry {
  /** Each byte as one character. */
  readonly path: string;
  readonly ctimeSeconds: number;
  readonly ctimeNanoseconds: number;
  readonly inode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

const HEADER_BYTES = 12;
const SIGNATURE = 'DIRC';
const HASH_OFFSET = 40;
const HASH_BYTES = { sha1: 20, sha256: 32 } as const;
const NAME_LENGTH_MASK = 0xfff;
const IS_EXTENDED = 0x4000;

/** How many entries an index has; undefined when it cannot be read so. */
export async function countEntries(path: string): Promise<number | undefined> {
  const file = await open(path).catch(() => undefined);
  try {
    const { buffer, bytesRead } = (await file?.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)) ?? {};
    const isIndex = bytesRead === HEADER_BYTES && buffer?.toString('latin1', 0, 4) === SIGNATURE;
    return isIndex ? buffer.readUInt32BE(8) : undefined;
  } finally {
    await file?.close();
  }
}

interface Extent {
  readonly nameAt: number;
  readonly nameEnd: number;
  readonly length: number;
}

/** Of the entry that begins at `start`; undefined when not all of it is there. */
function extentOf(bytes: Buffer, start: number, hashBytes: number): Extent | undefined {
  const flagsAt = start + HASH_OFFSET + hashBytes;
  if (bytes.length < flagsAt + 4) {
    return undefined;
  }
  const flags = bytes.readUInt16BE(flagsAt);
  const nameAt = flagsAt + ((flags & IS_EXTENDED) === 0 ? 2 : 4);
  const short = flags & NAME_LENGTH_MASK;
  const nameEnd = short < NAME_LENGTH_MASK ? nameAt + short : bytes.indexOf(0, nameAt + short);
  // One to eight NULs fill it up to a multiple of eight.
  const length = (nameEnd - start + 8) & ~7;
  return nameEnd === -1 || bytes.length < start + length ? undefined : { nameAt, nameEnd, length };
}

function entryAt(bytes: Buffer, start: number, { nameAt, nameEnd }: Extent): IndexEntry {
  return {
    path: bytes.toString('latin1', nameAt, nameEnd),
    ctimeSeconds: bytes.readUInt32BE(start),
    ctimeNanoseconds: bytes.readUInt32BE(start + 4),
    inode: bytes.readUInt32BE(start + 20),
    uid: bytes.readUInt32BE(start + 28),
    gid: bytes.readUInt32BE(start + 32),
    size: bytes.readUInt32BE(start + 36),
  };
}

/**
 * Calls `use` with each entry of an index. Takes time in proportion to the file, and no memory.
 * @param path a private file
 * @returns whether all of it was read; not when it is of another version
 */
export async function readIndex(
  path: string,
  format: ObjectFormat,
  signal: AbortSignal,
  use: (entry: IndexEntry) => void,
): Promise<boolean> {
  let left = await countEntries(path);
  if (left === undefined) {
    return false;
  }
  let rest: Buffer = Buffer.alloc(0);
  let isStart = true;
  for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (isStart) {
      const version = rest.readUInt32BE(4);
      if (version !== 2 && version !== 3) {
        return false;
      }
    }
    let at = isStart ? HEADER_BYTES : 0;
    isStart = false;
    for (; left > 0; left -= 1) {
      const extent = extentOf(rest, at, HASH_BYTES[format]);
      if (extent === undefined) {
        break;
      }
      use(entryAt(rest, at, extent));
      at += extent.length;
    }
    if (left === 0) {
      return true;
    }
    rest = rest.subarray(at);
  }
  return left === 0;
}
