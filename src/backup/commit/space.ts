/** Whether a volume has room for a snapshot next to what it holds: both are there until the old is removed. */
import { statfs } from 'node:fs/promises';
import { createBreather } from '../../core/breather.ts';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import { walkTree } from '../manifest/walk.ts';

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

/** What a build that was interrupted has left takes no room a second time. */
async function alreadyThere(path: string, signal: AbortSignal): Promise<SpaceNeed> {
  const root = openByteRoot(path);
  const breathe = createBreather(signal);
  let bytes = 0;
  let entries = 0;
  try {
    for (const { status } of walkTree(root, () => false)) {
      bytes += Number(status.blocks) * BLOCK_BYTES;
      entries += 1;
      await breathe();
    }
    return { bytes, entries };
  } finally {
    root.close();
  }
}

const BLOCK_BYTES = 512;

/**
 * Whether a tree fits below a path that may hold a part of it.
 * @throws PillionError `no_space`, before anything is written; `read_failed`, or the signal's reason
 */
export async function requireSpace(path: string, whole: SpaceNeed, signal: AbortSignal): Promise<void> {
  const there = await alreadyThere(path, signal);
  const need = {
    bytes: Math.max(0, whole.bytes - there.bytes),
    entries: Math.max(0, whole.entries - there.entries),
  };
  const status = await statfs(path).catch((error: unknown) => {
    throw fileError(FILE_ERRORS.read_failed, path, error);
  });
  const entries = status.files === 0 ? Number.POSITIVE_INFINITY : status.ffree;
  const missing = shortage(need, { bytes: status.bavail * status.bsize, entries });
  if (missing !== undefined) {
    throw BACKUP_ERRORS.no_space({ message: `no room to restore: ${missing}` });
  }
}
