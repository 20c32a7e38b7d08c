import { mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** A new empty directory, with symlinks in its path resolved so that it can be compared with what programs print. */
export async function makeTempDir(prefix = 'pillion-test-'): Promise<string> {
  return mkdtemp(path.join(await realpath(os.tmpdir()), prefix));
}

/** Removes a directory with everything in it; a process that is just ending may still write into it for a moment. */
export async function removeTempDir(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
