/** A pass with all that belongs to it: fresh credentials, its time limit, its end as an event, the clean-up. */
import { errorMessage } from '../../core/errors.ts';
import { formatGoDuration } from '../../core/options/go-values.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import { asDiskFull, GIT_ERRORS, isDiskFull } from '../../git/errors.ts';
import type { Emitter } from './emitter.ts';
import type { PassResult } from './events.ts';
import { LOCK_ERRORS } from './lock/root-lock.ts';
import { cleanUpAfter, type PassInit, runPass } from './pass.ts';
import type { SyncSpec } from './spec.ts';
import { hasSucceeded } from './status.ts';

export interface TimedPassInit extends PassInit {
  readonly emitter: Emitter;
  /** Loads credentials and keys again. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
}

const saysTimeout = (error: unknown) =>
  GIT_ERRORS.sync_timeout.matches(error) || LOCK_ERRORS.root_busy.matches(error);

/** A failure with advice: a passed limit and a full disk are the same, whichever step found them out. */
function explained({ syncTimeoutMs }: SyncSpec, error: unknown, hasTimedOut: boolean): unknown {
  if (hasTimedOut && !saysTimeout(error)) {
    const after = formatGoDuration(syncTimeoutMs);
    const message = `context deadline exceeded after ${after}: ${errorMessage(error)}`;
    return GIT_ERRORS.sync_timeout({ message }, { cause: error });
  }
  return isDiskFull(error) ? asDiskFull(error) : error;
}

/** A failure of the clean-up is logged, but is no failure of the sync. */
async function tidyUp(
  init: TimedPassInit,
  hash: string,
  signal: AbortSignal,
  stop: AbortSignal,
): Promise<void> {
  await cleanUpAfter(init, hash, signal).catch((error: unknown) => {
    if (!stop.aborted) {
      init.context.log.error('git cleanup failed', error);
    }
  });
}

async function attempt(init: TimedPassInit, signal: AbortSignal, stop: AbortSignal): Promise<PassResult> {
  const { clock, emitter, context } = init;
  const started = clock.monotonic();
  const seconds = () => (clock.monotonic() - started) / 1000;
  const before = emitter.status();
  const isFirst = !hasSucceeded(before);
  let result: PassResult;
  try {
    await init.refresh(signal);
    result = await runPass(init, isFirst, signal);
  } catch (error) {
    if (stop.aborted) {
      throw error;
    }
    const failure = explained(context.spec, error, signal.aborted);
    await emitter.emit({ kind: 'pass-failed', error: failure, seconds: seconds() });
    throw failure;
  }
  const status = result.changed || isFirst ? 'success' : 'noop';
  await emitter.emit({ kind: 'pass-succeeded', result, status, seconds: seconds() });
  if (before.failuresInARow > 0) {
    context.log.at(4, 'resetting failure count', { failCount: before.failuresInARow });
  }
  await tidyUp(init, result.hash, signal, stop);
  return result;
}

/** @param stop ends the pass early; that is no failure and no event of one */
export async function runTimedPass(init: TimedPassInit, stop: AbortSignal): Promise<PassResult> {
  const { emitter, clock, context } = init;
  const timeoutMs = context.spec.syncTimeoutMs;
  let ok = false;
  await emitter.emit({ kind: 'pass-started', deadlineAt: clock.now() + timeoutMs });
  try {
    const result = await withSignal(stop, { timeoutMs }, (signal) => attempt(init, signal, stop));
    ok = true;
    return result;
  } finally {
    await emitter.emit({ kind: 'pass-ended', ok });
  }
}
