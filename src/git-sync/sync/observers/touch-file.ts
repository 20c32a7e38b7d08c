/** `--touch-file`: created, or its times set to now, after each change that was published. */
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '../../../core/files.ts';
import type { Log } from '../../../core/log/log.ts';
import type { SyncObserver } from '../events.ts';

/** git-sync users expect fast hooks to finish before the touch-file; so long it waits for them. */
const HOOKS_FIRST_MS = 500;

export async function touchFile(path: string): Promise<void> {
  await makeDirectory(dirname(path));
  const file = await open(path, 'a', 0o644);
  try {
    // By its handle: a consumer may have deleted it by now.
    const now = new Date();
    await file.utimes(now, now);
  } finally {
    await file.close();
  }
}

/** @param attempted waits for the hooks that are running, at most so many milliseconds */
export function observeChanges(
  path: string,
  attempted: (milliseconds: number) => Promise<void>,
  log: Log,
): SyncObserver {
  return async (event) => {
    if (path === '' || event.kind !== 'pass-succeeded' || event.status !== 'success') {
      return;
    }
    await attempted(HOOKS_FIRST_MS);
    await touchFile(path).catch((error: unknown) => {
      log.error('failed to touch touch-file', error, { path });
    });
  };
}
