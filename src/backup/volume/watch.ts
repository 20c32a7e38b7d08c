/** Work on a volume that does not wait for it without an end: a mount (NFS, FUSE) may stop answering at any time. */
import { statfs } from 'node:fs/promises';
import { systemClock } from '../../core/clock.ts';
import { createLog } from '../../core/log/log.ts';
import { createSecrets } from '../../core/log/secrets.ts';
import { guardAgainstBlocking } from '../../core/process/blocked-guard.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import { BACKUP_ERRORS } from '../errors.ts';

export interface Watched {
  readonly volume: string;
  /** How long it may take to answer a call. */
  readonly volumeTimeoutMs: number;
}

/**
 * Runs work while the volume answers. Calls of whole trees are synchronous, and when one of them hangs the process is ended
 * by somebody else, with a line in its log: nothing in it could still do that. Other calls are given up, and the signal of
 * the work is aborted.
 * @throws PillionError `volume_not_answering`, after twice the limit at the latest; what the work throws
 */
export async function watchVolume<T>(
  watched: Watched,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await requireAnswer(watched, parent);
  const line = (at: number) => lineOf(isBlocked(watched), at);
  const stop = guardAgainstBlocking({ limitMs: watched.volumeTimeoutMs, line });
  try {
    return await withSignal(parent, {}, (signal) => Promise.race([work(signal), failure(watched, signal)]));
  } finally {
    stop();
  }
}

/**
 * Asks its file system for a word, which no cache gives.
 * @throws PillionError `volume_not_answering`; the signal's reason. What else is wrong with the volume is for others to tell
 */
export async function requireAnswer(watched: Watched, parent: AbortSignal): Promise<void> {
  const scope = { timeoutMs: watched.volumeTimeoutMs, reason: () => hangs(watched) };
  await withSignal(parent, scope, async (signal) => {
    await untilAborted(
      statfs(watched.volume).catch(() => undefined),
      signal,
    );
  });
}

async function failure(watched: Watched, signal: AbortSignal): Promise<never> {
  for (;;) {
    await systemClock.sleep(watched.volumeTimeoutMs / 2, signal);
    await requireAnswer(watched, signal);
  }
}

const hangs = ({ volume, volumeTimeoutMs }: Watched) =>
  BACKUP_ERRORS.volume_not_answering({
    message: `${volume} does not answer: a call to its file system has not come back within ${volumeTimeoutMs / 1000} s`,
  });

/** The call may be one to a repository in a directory, too. */
const isBlocked = ({ volume, volumeTimeoutMs }: Watched) =>
  BACKUP_ERRORS.volume_not_answering({
    message: `${volume} does not answer, or another file system that is used: a call has not come back within ${volumeTimeoutMs / 1000} s`,
  });

function lineOf(error: Error, at: number): string {
  let text = '';
  const log = createLog({
    verbosity: 0,
    secrets: createSecrets(),
    clock: { ...systemClock, now: () => at },
    write: (written) => void (text = written),
  });
  log.error('the process is ended, since it is blocked', error);
  return text.trimEnd();
}
