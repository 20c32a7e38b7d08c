/** Whether a volume has room for a snapshot next to what it holds: both are there until the old is removed. */
import { statfs } from 'node:fs/promises';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import { BACKUP_ERRORS } from '../errors.ts';

export interface SpaceNeed {
  readonly bytes: number;
  /** Files, directories and links. */
  readonly entries: number;
}

/** What a file system takes besides content, and must not be filled to the last block. */
const RESERVE = 0.02;
const RESERVE_BYTES = 8 * 1024 * 1024;
const RESERVE_ENTRIES = 64;

interface Free {
  readonly bytes: number;
  /** Infinity where the file system has no limit of them, as btrfs. */
  readonly entries: number;
}

/** What is missing, in words; undefined when it fits. Pure. */
export function shortage(need: SpaceNeed, free: Free): string | undefined {
  const bytes = Math.ceil(need.bytes * (1 + RESERVE)) + RESERVE_BYTES;
  if (bytes > free.bytes) {
    return `the snapshot needs ${bytes} bytes, and ${free.bytes} are free`;
  }
  const entries = need.entries + RESERVE_ENTRIES;
  return entries > free.entries
    ? `the snapshot needs ${entries} inodes, and ${free.entries} are free`
    : undefined;
}

/** @throws PillionError `no_space`, before anything is written; `read_failed` */
export async function requireSpace(path: string, need: SpaceNeed): Promise<void> {
  const status = await statfs(path).catch((error: unknown) => {
    throw fileError(FILE_ERRORS.read_failed, path, error);
  });
  const entries = status.files === 0 ? Number.POSITIVE_INFINITY : status.ffree;
  const missing = shortage(need, { bytes: status.bavail * status.bsize, entries });
  if (missing !== undefined) {
    throw BACKUP_ERRORS.no_space({ message: `${path}: ${missing}` });
  }
}
