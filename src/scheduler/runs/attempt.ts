import type { Clock } from '../../core/clock.ts';
import { errorMessage } from '../../core/errors.ts';
import type { JobBody, RunContext, RunEnd } from '../job-body.ts';
import { waitUnlessAborted } from '../wait.ts';
import type { ActiveRun, RunResult } from './job.ts';

/** For the kernel to end what was killed, and for its last output to be handed on. */
export const FORCED_END_MS = 2000;

export interface Attempt extends Omit<RunEnd, 'result'> {
  readonly result: RunResult;
  /** Set when the body did not end: resolves when it does at last. */
  readonly abandoned: Promise<void> | undefined;
}

/**
 * One attempt, which ends in bounded time once it is asked to, whatever its body does:
 * running -> [timeout or stop: `signal` -> killAfterMs or kill: `deadline` -> FORCED_END_MS -> abandoned].
 */
export async function runAttempt(run: ActiveRun, attempt: number, clock: Clock): Promise<Attempt> {
  const { spec } = run;
  const end = new AbortController();
  const force = new AbortController();
  const settled = new AbortController();
  const context: RunContext = {
    job: spec.name,
    run: run.id,
    attempt,
    cause: run.cause,
    scheduled: run.scheduled,
    signal: end.signal,
    deadline: force.signal,
    killAfterMs: spec.policy.killAfterMs,
  };
  let asked: 'timeout' | 'stopped' | undefined;

  async function forceAnEnd(): Promise<undefined> {
    const cause = await waitUnlessAborted(clock, spec.policy.timeoutMs, [run.stop.signal, settled.signal]);
    if (cause !== settled.signal) {
      asked = cause === undefined ? 'timeout' : 'stopped';
      end.abort(new Error(REASONS[asked]));
      await waitUnlessAborted(clock, context.killAfterMs, [run.kill.signal, settled.signal]);
      force.abort(new Error('the time to end has passed'));
      await waitUnlessAborted(clock, FORCED_END_MS, [settled.signal]);
    }
    return undefined;
  }

  if (run.stop.signal.aborted) {
    return { result: 'stopped', text: REASONS.stopped, retryable: false, abandoned: undefined };
  }
  const body = settle(spec.body, context);
  const ended = await Promise.race([body, forceAnEnd()]);
  settled.abort();
  const abandoned = ended === undefined ? body.then(() => undefined) : undefined;
  if (ended !== undefined && (ended.result === 'success' || asked === undefined)) {
    return { ...ended, retryable: ended.result === 'failure' && (ended.retryable ?? true), abandoned };
  }
  const result = asked ?? 'failure';
  return { ...ended, result, text: REASONS[asked ?? 'stopped'], retryable: asked === 'timeout', abandoned };
}

const REASONS = { timeout: 'timed out', stopped: 'stopped' } as const;

/** Never rejects: what a body throws is how it failed. */
async function settle(body: JobBody, context: RunContext): Promise<RunEnd> {
  try {
    return await body(context);
  } catch (error) {
    return { result: 'failure', text: errorMessage(error) };
  }
}
