/** A pass with all that belongs to it: fresh credentials, its time limit, its end as an event, the clean-up. */
import { defineErrors, errorMessage } from '../../core/errors.ts';
import { formatGoDuration } from '../../core/options/go-values.ts';
import { withinDeadline } from '../../core/process/deadline.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import { asDiskFull, GIT_ERRORS, isDiskFull } from '../../git/errors.ts';
import type { Emitter } from './emitter.ts';
import type { PassResult } from './events.ts';
import { LOCK_ERRORS } from './lock/root-lock.ts';
import { cleanUpAfter, type PassInit, runPass } from './pass.ts';
import type { SyncSpec } from './spec.ts';
import { hasSucceeded } from './status.ts';

export const PASS_ERRORS = defineErrors({
  volume_hangs: {
    message: ({ what }: { readonly what: string }) => what,
    hint: 'a file system does not answer: look at the volume of --root and at its server (NFS, CSI driver); the sync goes on by itself once it does',
  },
});

export interface TimedPassInit extends PassInit {
  readonly emitter: Emitter;
  /** Loads credentials and keys again. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
  /** Nothing is asked of the remote until the next `refresh`. */
  readonly rest: () => Promise<void>;
  /** A failure of git, with what is known of its reason in addition to git's words. */
  readonly explain: (error: unknown, signal: AbortSignal) => Promise<unknown>;
  /** How long a pass may take to end once its time is over, in milliseconds: git gets half a second of it. */
  readonly unwindMs?: number;
}

const UNWIND_MS = 5000;

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

/** How a pass has ended, as far as it has. */
interface Progress {
  result?: PassResult;
  /** Its success or failure has been reported. */
  isTold: boolean;
}

async function attempt(
  init: TimedPassInit,
  progress: Progress,
  signal: AbortSignal,
  stop: AbortSignal,
): Promise<void> {
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
    const reason = signal.aborted ? error : await init.explain(error, signal);
    if (stop.aborted || progress.isTold) {
      throw error;
    }
    const failure = explained(context.spec, reason, signal.aborted);
    progress.isTold = true;
    await emitter.emit({ kind: 'pass-failed', error: failure, seconds: seconds() });
    throw failure;
  }
  if (progress.isTold) {
    return;
  }
  progress.isTold = true;
  progress.result = result;
  const status = result.changed || isFirst ? 'success' : 'noop';
  await emitter.emit({ kind: 'pass-succeeded', result, status, seconds: seconds() });
  if (before.failuresInARow > 0) {
    context.log.at(4, 'resetting failure count', { failCount: before.failuresInARow });
  }
  await tidyUp(init, result.hash, signal, stop);
}

async function restedAfter({ rest }: TimedPassInit, work: Promise<void>): Promise<void> {
  try {
    await work;
  } finally {
    await rest();
  }
}

/** @param stop ends the pass early; that is no failure and no event of one */
export type RunTimedPass = (stop: AbortSignal) => Promise<PassResult>;

/** A pass that has not come back. */
interface Hung {
  readonly since: number;
  readonly deadlineAt: number;
}

/**
 * The passes of one sync, one at a time. None outlasts its limit by more than `unwindMs`, also when a system call hangs
 * that nothing can end: until that has come back, every further pass fails at once.
 */
export function createTimedPasses(init: TimedPassInit): RunTimedPass {
  const { emitter, clock, context } = init;
  const timeoutMs = context.spec.syncTimeoutMs;
  let hung: Hung | undefined;

  const fail = async (error: Error, seconds: number) => {
    await emitter.emit({ kind: 'pass-failed', error, seconds });
    return error;
  };

  /** Lets passes run again when this one has come back. */
  const watch = (work: Promise<void>) => {
    const end = async () => {
      hung = undefined;
      context.log.info('what hung in an earlier pass has come back');
      await emitter.emit({ kind: 'pass-ended', ok: false });
    };
    work.then(end, end).catch((error: unknown) => context.log.error('an observer failed', error));
  };

  const run = async (began: Hung, signal: AbortSignal, stop: AbortSignal): Promise<PassResult> => {
    const progress: Progress = { isTold: false };
    const work = restedAfter(init, attempt(init, progress, signal, stop));
    const isOver = await withinDeadline(() => work, signal, init.unwindMs ?? UNWIND_MS);
    if (!isOver && stop.aborted) {
      await work; // for as long as the end of the process may take
      stop.throwIfAborted();
    }
    if (!isOver) {
      hung = began;
      watch(work);
    }
    const limit = formatGoDuration(timeoutMs);
    const what = `the pass hangs: it has not ended though its limit of ${limit} has passed`;
    const error = PASS_ERRORS.volume_hangs({ what });
    if (progress.result === undefined) {
      progress.isTold = true;
      throw await fail(error, (clock.monotonic() - began.since) / 1000);
    }
    if (!isOver) {
      context.log.error('git cleanup failed', error);
    }
    return progress.result;
  };

  return async (stop) => {
    const began: Hung = { since: clock.monotonic(), deadlineAt: clock.now() + timeoutMs };
    let ok = false;
    await emitter.emit({ kind: 'pass-started', deadlineAt: hung?.deadlineAt ?? began.deadlineAt });
    try {
      if (hung !== undefined) {
        const since = formatGoDuration(Math.round(began.since - hung.since));
        const what = `an earlier pass still hangs; it began ${since} ago`;
        throw await fail(PASS_ERRORS.volume_hangs({ what }), 0);
      }
      const result = await withSignal(stop, { timeoutMs }, (signal) => run(began, signal, stop));
      ok = true;
      return result;
    } finally {
      await emitter.emit({ kind: 'pass-ended', ok, hangs: hung !== undefined });
    }
  };
}
