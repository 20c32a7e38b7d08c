/** Makes all that was written below a path survive a power loss. */
import { closeSync, fsync } from 'node:fs';
import process from 'node:process';
import { promisify } from 'node:util';
import { createBreather } from '../../core/breather.ts';
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
  if (!(await syncWhole(path, signal))) {
    await syncEach(path, signal);
  }
}

/**
 * Has written what is below a path as far as it stands there now, so that a sync later has little left to do; what goes wrong
 * is told by that.
 * @throws the signal's reason
 */
export const syncEarly = async (path: string, signal: AbortSignal): Promise<void> =>
  void (await syncWhole(path, signal));

async function syncWhole(path: string, signal: AbortSignal): Promise<boolean> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const outcome = await tryRun('sync', ['-f', path], { env, signal });
  signal.throwIfAborted();
  return outcome.exitCode === 0;
}

/** Exported for its test. */
export async function syncEach(path: string, signal: AbortSignal): Promise<void> {
  const root = openByteRoot(path);
  const breathe = createBreather(signal);
  let open: number[] = [];
  const syncOpen = async () => {
    const batch = open;
    open = [];
    await syncAndClose(batch);
  };
  try {
    for (const found of walkTree(root, () => false)) {
      await breathe();
      if (found.kind === 'directory') {
        syncDirectory(root, found);
      } else if (found.kind === 'file') {
        open.push(...openedFile(found));
      }
      if (open.length >= AT_A_TIME) {
        await syncOpen();
      }
    }
    await syncOpen();
  } finally {
    open.forEach((fd) => closeSync(fd));
    root.close();
  }
}

function openedFile({ parent, name }: Found): number[] {
  const fd = parent.openFile(name);
  return fd === undefined ? [] : [fd];
}

/** @throws the first failure, when all have ended */
async function syncAndClose(fds: readonly number[]): Promise<void> {
  const ends = await Promise.allSettled(fds.map((fd) => fsyncFile(fd).finally(() => closeSync(fd))));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) {
    throw failure.reason;
  }
}

function syncDirectory(root: ByteDirectory, { path, parent, name }: Found): void {
  const directory = path === '' ? root : parent.open(name);
  directory?.sync();
  if (directory !== root) {
    directory?.close();
  }
}
