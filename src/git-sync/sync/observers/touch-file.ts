/** `--touch-file`: created, or its times set to now, after each change that was published. */
import { FILE_ERRORS } from '../../../core/files/file-error.ts';
import type { Log } from '../../../core/log/log.ts';
import type { SyncObserver } from '../events.ts';
import { withPlace } from '../publishing/place.ts';

/** git-sync users expect fast hooks to finish before the touch-file; so long it waits for them. */
const HOOKS_FIRST_MS = 500;

/** @throws PillionError `write_failed`, `not_a_directory`, or the system's error */
export function touchFile(root: string, path: string): Promise<void> {
  return withPlace(root, path, async (directory, name) => {
    if ((await directory.stat(name))?.isDirectory()) {
      const facts = { path, systemCode: 'EISDIR' };
      throw FILE_ERRORS.write_failed({ ...facts, why: 'it is a directory' }, { facts });
    }
    await directory.touch(name);
  });
}

export interface TouchFileInit {
  readonly root: string;
  /** Absolute; empty for none. */
  readonly path: string;
  /** Waits for the hooks that are running, at most so many milliseconds. */
  readonly attempted: (milliseconds: number) => Promise<void>;
  readonly log: Log;
}

export function observeChanges({ root, path, attempted, log }: TouchFileInit): SyncObserver {
  return async (event) => {
    if (path === '' || event.kind !== 'pass-succeeded' || event.status !== 'success') {
      return;
    }
    await attempted(HOOKS_FIRST_MS);
    await touchFile(root, path).catch((error: unknown) => {
      log.error('failed to touch touch-file', error, { path });
    });
  };
}
