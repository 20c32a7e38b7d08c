import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log/log.ts';
import { backoff } from '../../core/retry.ts';
import { waitUnlessAborted } from '../wait.ts';
import { type Attempt, runAttempt } from './attempt.ts';
import type { ActiveRun, RunReport } from './job.ts';
import type { WarnLimit } from './warn-limit.ts';

const MAX_RETRY_DELAY_MS = 3_600_000;

export interface AttemptsContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly warnings: WarnLimit;
  /** Aborted when no further attempt is to be begun. */
  readonly stopping: AbortSignal;
  /** What the log says of a failed attempt. */
  readonly failureMessage: string;
}

/** Runs a job to its end, with its retries. Never rejects. */
export async function runAttempts(run: ActiveRun, context: AttemptsContext): Promise<RunReport> {
  const { clock, stopping } = context;
  const started = clock.monotonic();
  const { retries, retryDelayMs } = run.spec.policy;
  const delays = backoff({ initialMs: retryDelayMs, maxMs: MAX_RETRY_DELAY_MS });
  let outputBytes = 0;
  for (let number = 1; ; number += 1) {
    const attempt = await runAttempt(run, number, clock);
    outputBytes += attempt.outputBytes ?? 0;
    const isLast = attempt.retryable !== true || number > retries || stopping.aborted;
    logAttempt(run, context, attempt, number, !isLast);
    if (isLast || (await isStoppedWithin(delays(number), run, context))) {
      const { result, text, exitCode, signal, abandoned } = attempt;
      const durationMs = clock.monotonic() - started;
      return {
        result,
        text,
        exitCode,
        signal,
        attempts: number,
        durationMs,
        outputBytes,
        abandoned: abandoned !== undefined,
      };
    }
  }
}

async function isStoppedWithin(ms: number, run: ActiveRun, context: AttemptsContext): Promise<boolean> {
  return (await waitUnlessAborted(context.clock, ms, [run.stop.signal, context.stopping])) !== undefined;
}

function logAttempt(
  run: ActiveRun,
  { log, warnings, failureMessage, clock }: AttemptsContext,
  attempt: Attempt,
  number: number,
  again: boolean,
): void {
  const { result, text, abandoned } = attempt;
  const job = run.spec.name;
  const fields = { job, run: run.id, ...(number > 1 || again ? { attempt: number } : {}) };
  if (abandoned !== undefined) {
    log.error('run abandoned: it did not end when it was told to', text, fields);
    const since = clock.monotonic();
    const hasEnded = () => {
      const seconds = Math.round((clock.monotonic() - since) / 1000);
      log.warn('an abandoned run has ended after all', { ...fields, seconds });
    };
    abandoned.then(hasEnded, hasEnded);
  } else if (result === 'success') {
    log.info('job succeeded', fields);
  } else if (result === 'stopped') {
    log.info('job stopped', fields);
  } else if (again) {
    warnings.warn(job, `${failureMessage}: ${text}; trying again`, fields);
  } else {
    log.error(failureMessage, text, fields);
  }
}
