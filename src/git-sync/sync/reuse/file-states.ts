/**
 * Git compares the times of files by the second. What was changed within the second in which the last file of a tree was
 * written could look as before: those files are compared here, to the nanosecond that the file system keeps.
 */
import type { Stats } from 'node:fs';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { statsBelow } from '../../../core/foreign-files/stats-below.ts';
import { type IndexEntry, readIndex } from '../../../git/index-entries.ts';
import type { ObjectFormat } from '../../../git/object-name.ts';

export interface IndexTotals {
  readonly files: number;
  /** What the files take on a disk, about. */
  readonly bytes: number;
  /** The second of the last change to any of them. */
  readonly newestSecond: number;
}

/** What a file takes on the disk is a multiple of it, on most file systems. */
const BLOCK_BYTES = 4096;

/** Undefined when the index cannot be read. */
export async function totalsOf(
  indexFile: string,
  format: ObjectFormat,
  signal: AbortSignal,
): Promise<IndexTotals | undefined> {
  let files = 0;
  let bytes = 0;
  let newestSecond = 0;
  const isWhole = await readIndex(indexFile, format, signal, ({ size, ctimeSeconds }) => {
    files += 1;
    bytes += Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    newestSecond = Math.max(newestSecond, ctimeSeconds);
  });
  return isWhole ? { files, bytes, newestSecond } : undefined;
}

const IN_32_BITS = 2 ** 32;
/** What a number of milliseconds since the epoch can tell apart is less. */
const SAME_MS = 0.001;

/** Whether the second of a file's ctime is another one, which git sees. A bit more than a second counts as the same. */
const isOfAnotherSecond = ({ ctimeSeconds }: IndexEntry, { ctimeMs }: Stats) =>
  Math.abs(ctimeMs - ctimeSeconds * 1000 - 500) > 501;

function isSame(entry: IndexEntry, status: Stats): boolean {
  const ctimeMs = entry.ctimeSeconds * 1000 + entry.ctimeNanoseconds / 1e6;
  return (
    Math.abs(status.ctimeMs - ctimeMs) < SAME_MS &&
    status.ino % IN_32_BITS === entry.inode &&
    status.size % IN_32_BITS === entry.size &&
    status.uid === entry.uid &&
    status.gid === entry.gid &&
    (status.isDirectory() || status.nlink === 1)
  );
}

/**
 * A file that was changed although its time has the same second, of those that were written in the last one.
 */
export async function findTouched(
  top: ForeignDirectory,
  indexFile: string,
  { format, newestSecond }: { readonly format: ObjectFormat; readonly newestSecond: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  const entries: IndexEntry[] = [];
  await readIndex(indexFile, format, signal, (entry) => {
    if (entry.ctimeSeconds >= newestSecond) {
      entries.push(entry);
    }
  });
  const paths = entries.map(({ path }) => path);
  let touched: string | undefined;
  await statsBelow(top, paths, signal, (path, status, index) => {
    const entry = entries[index];
    if (entry && status && !isOfAnotherSecond(entry, status) && !isSame(entry, status)) {
      touched = path;
    }
  });
  return touched;
}
