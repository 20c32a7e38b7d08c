/** Reads the content of a file that others may be writing to. */

import { createHash, hash } from 'node:crypto';
import { type BigIntStats, closeSync, fstatSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { systemClock } from '../../core/clock.ts';
import { systemErrorCode } from '../../core/errors.ts';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import { type ByteName, shownName } from '../../core/foreign-files/entry-name.ts';
import { isFullDisk } from '../../core/full-disk.ts';

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
  /** What is torn is taken as well: of a file that changes all the time nothing else can be had. */
  readonly takesTorn?: boolean;
  /** Called between chunks. */
  readonly breathe?: () => Promise<void> | undefined;
  /** Ends the wait for a file that is leased. */
  readonly signal?: AbortSignal | undefined;
}

/** Undefined when there is no such file, and when it changed while it was read: what was read is torn then. */
export async function readStableFile(
  parent: ByteDirectory,
  name: ByteName,
  { consume, takesTorn = false, breathe, signal }: ReadOptions = {},
): Promise<FileContent | undefined> {
  const fd = await openPatiently(parent, name, signal);
  if (fd === undefined) {
    return undefined;
  }
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) {
      return undefined;
    }
    const { size, sha256 } =
      before.size < SMALL_BYTES
        ? await readSmall(fd, before, consume)
        : before.size < LARGE_BYTES
          ? await readMiddling(fd, before, consume, breathe)
          : await readLarge(fd, before, consume, breathe);
    const after = fstatSync(fd, { bigint: true });
    const isStable = isUnchanged(before, after) && BigInt(size) === before.size;
    return isStable || takesTorn ? { size, sha256, status: after } : undefined;
  } catch (error) {
    if (isFullDisk(error)) {
      throw error; // of who takes the content: reading needs no room
    }
    throw fileError(FILE_ERRORS.read_failed, `${parent.shownPath}/${shownName(name)}`, error);
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads a small file in one go, without a promise: that is nearly all of most volumes. Hexadecimal SHA-256 of its content;
 * undefined when it is not small, or not any more the file that was looked at: then `readStableFile` says what it is.
 * @param seen what it was just before it is opened
 * @throws PillionError `read_failed`
 */
export function hashSmallFile(parent: ByteDirectory, name: ByteName, seen: BigIntStats): string | undefined {
  const fd = seen.size < SMALL_BYTES ? openUnlessLeased(parent, name) : undefined;
  if (fd === undefined || fd === LEASED) {
    return undefined;
  }
  try {
    const before = fstatSync(fd, { bigint: true });
    // A directory cannot be read, and a FIFO must not be.
    if (!before.isFile() || before.dev !== seen.dev || !isUnchanged(seen, before)) {
      return undefined;
    }
    const length = readSync(fd, buffer, 0, buffer.length, null);
    const after = fstatSync(fd, { bigint: true });
    const isStable = isUnchanged(seen, after) && BigInt(length) === after.size;
    return isStable ? hash('sha256', buffer.subarray(0, length), 'hex') : undefined;
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, `${parent.shownPath}/${shownName(name)}`, error);
  } finally {
    closeSync(fd);
  }
}

/** Somebody has been told to give the file up (F_SETLEASE in fcntl(2): Samba, NFS), and has not done so yet. */
const LEASED = 'leased';
/** The kernel takes it away from who does not answer, after the seconds in /proc/sys/fs/lease-break-time, 45 by default. */
const LEASE_TRIES = 600;
const LEASE_PAUSE_MS = 100;

function openUnlessLeased(parent: ByteDirectory, name: ByteName): number | undefined | typeof LEASED {
  try {
    return parent.openFile(name);
  } catch (error) {
    if (systemErrorCode(error instanceof Error ? error.cause : undefined) === 'EAGAIN') {
      return LEASED;
    }
    throw error;
  }
}

async function openPatiently(
  parent: ByteDirectory,
  name: ByteName,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  for (let tries = 1; tries < LEASE_TRIES; tries += 1) {
    const fd = openUnlessLeased(parent, name);
    if (fd !== LEASED) {
      return fd;
    }
    await systemClock.sleep(LEASE_PAUSE_MS, signal);
  }
  return parent.openFile(name);
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

/** Below this a file is read and hashed in one go, without an object of the crypto library that waits to be collected. */
const SMALL_BYTES = 64 * 1024;

interface Read {
  readonly size: number;
  readonly sha256: string;
}

/** Without anybody to hand it to, nothing is waited for, and one buffer serves all. */
function readSmall(fd: number, status: BigIntStats, consume: ReadOptions['consume']): Read | Promise<Read> {
  const own = consume === undefined ? buffer : Buffer.allocUnsafe(Number(status.size) + 1);
  const bytes = own.subarray(0, readSync(fd, own, 0, own.length, null));
  const whole = { size: bytes.length, sha256: hash('sha256', bytes, 'hex') };
  if (consume === undefined || bytes.length === 0) {
    return whole;
  }
  const pending = consume(bytes, status);
  return pending === undefined ? whole : pending.then(() => whole);
}

/** Not on and on where somebody goes on writing: what is more than there was at first is torn. */
async function readMiddling(
  fd: number,
  status: BigIntStats,
  consume: ReadOptions['consume'],
  breathe: ReadOptions['breathe'],
): Promise<Read> {
  const sum = createHash('sha256');
  const own = consume === undefined ? buffer : Buffer.allocUnsafe(CHUNK_BYTES);
  for (let size = 0; ; ) {
    const length = size > status.size ? 0 : readSync(fd, own, 0, own.length, null);
    if (length === 0) {
      return { size, sha256: sum.digest('hex') };
    }
    const bytes = own.subarray(0, length);
    sum.update(bytes);
    size += length;
    await consume?.(bytes, status);
    await breathe?.();
  }
}

/** From here on it pays to read in another thread. */
const LARGE_BYTES = 4 * 1024 * 1024;
const LARGE_CHUNK_BYTES = 512 * 1024;
const readAside = promisify(read);
const spare: Buffer[] = [];
const takeBuffer = (): Buffer => spare.pop() ?? Buffer.allocUnsafeSlow(LARGE_CHUNK_BYTES);

/** While one piece is hashed here the next is read. */
async function readLarge(
  fd: number,
  status: BigIntStats,
  consume: ReadOptions['consume'],
  breathe: ReadOptions['breathe'],
): Promise<Read> {
  const sum = createHash('sha256');
  let current = takeBuffer();
  let next = takeBuffer();
  const readNext = () => readAside(fd, next, 0, next.length, null);
  let pending = readNext();
  try {
    for (let size = 0; ; ) {
      const { bytesRead } = await pending;
      if (bytesRead === 0 || size > status.size) {
        return { size, sha256: sum.digest('hex') };
      }
      [current, next] = [next, current];
      pending = readNext();
      const bytes = current.subarray(0, bytesRead);
      sum.update(bytes);
      size += bytesRead;
      await consume?.(bytes, status);
      await breathe?.();
    }
  } finally {
    // The descriptor is closed after this, and may then be another file's.
    await pending.catch(() => undefined);
    spare.push(current, next);
    spare.length = Math.min(spare.length, 2);
  }
}
