/** Makes all that was written below a path survive a power loss. */
import { closeSync, fsync } from 'node:fs';
import process from 'node:process';
import { promisify } from 'node:util';
import { tryRun } from '../../core/exec/run.ts';
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { type Found, walkTree } from '../manifest/walk.ts';

const fsyncFile = promisify(fsync);
/** Files of which the disk is told at the same time. */
const AT_A_TIME = 16;

/**
 * One call for the whole file system, by coreutils' `sync -f` (syncfs(2)), which for 100,000 files is a second where one
 * fsync for each takes minutes; where there is no such program, each file and directory.
 * @throws PillionError `read_failed`, the system's error, or the signal's reason
 */
export async function syncFileSystem(path: string, signal: AbortSignal): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const outcome = await tryRun('sync', ['-f', path], { env, signal });
  signal.throwIfAborted();
  if (outcome.exitCode !== 0) {
    await syncEach(path, signal);
  }
}

/** Exported for its test. */
export async function syncEach(path: string, signal: AbortSignal): Promise<void> {
  const root = openByteRoot(path);
  let syncing: Promise<void>[] = [];
  try {
    for await (const found of walkTree(root, { isExcluded: () => false, signal })) {
      if (found.kind === 'directory') {
        syncDirectory(root, found);
      } else if (found.kind === 'file') {
        syncing.push(syncFile(found));
      }
      if (syncing.length >= AT_A_TIME) {
        await Promise.all(syncing);
        syncing = [];
      }
    }
  } finally {
    await Promise.allSettled(syncing);
    root.close();
  }
  await Promise.all(syncing);
}

function syncDirectory(root: ByteDirectory, { path, parent, name }: Found): void {
  const directory = path === '' ? root : parent.open(name);
  directory?.sync();
  if (directory !== root) {
    directory?.close();
  }
}

async function syncFile({ parent, name }: Found): Promise<void> {
  const fd = parent.openFile(name);
  if (fd === undefined) {
    return;
  }
  try {
    await fsyncFile(fd);
  } finally {
    closeSync(fd);
  }
}
