/** One restore per volume at a time: pods that share a volume start together. */
import type { Clock } from '../../core/clock.ts';
import { type DirectoryLock, lockDirectory } from '../../core/lock/directory-lock.ts';
import type { Log } from '../../core/log/log.ts';
import { COMMIT_ERRORS } from './errors.ts';
import { withMadeOwnFolder } from './own-folder.ts';

export interface VolumeLockDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Runs work while nobody else restores the volume; waits while somebody does. What was known of the volume before may no
 * longer hold.
 * @throws PillionError `volume_busy` when the signal ends the wait
 */
export async function withVolumeLock<T>(
  volume: string,
  { clock, log }: VolumeLockDeps,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const lock: DirectoryLock = await withMadeOwnFolder(volume, (folder) =>
    lockDirectory({
      path: folder.path,
      clock,
      signal,
      busy: (owner) => COMMIT_ERRORS.volume_busy({ volume, owner }),
      onWait: (owner) => log.warn('another restore of the volume runs: waiting for it', { volume, owner }),
      onDeadOwner: () => Promise.resolve(),
    }),
  );
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
