/** Asks a repository until its answer decides, or the time is over. */
import type { Clock } from '../../core/clock.ts';
import { backoff } from '../../core/retry.ts';
import { type Decision, type DecisionPolicy, decide, needsRepository } from '../decision.ts';
import type { Engine, RepositoryState, UnknownReason, VolumeState } from '../model.ts';

export interface WaitInit {
  readonly engine: Pick<Engine, 'state'>;
  readonly clock: Clock;
  readonly policy: DecisionPolicy;
  /** From the first question; 0 asks once. */
  readonly timeoutMs: number;
  readonly longestWaitMs: number;
  /** Each answer that was none. */
  readonly onUnknown: (reason: UnknownReason, retryInMs: number | undefined) => void;
}

export interface Decided {
  readonly decision: Decision;
  /** Undefined when the decision did not depend on it. */
  readonly repository: RepositoryState | undefined;
}

const FIRST_WAIT_MS = 1000;

/** The decision about a volume; it refuses when no answer came in time. */
export async function decideInTime(
  volume: VolumeState,
  init: WaitInit,
  signal: AbortSignal,
): Promise<Decided> {
  const { engine, clock, policy, timeoutMs, longestWaitMs } = init;
  if (!needsRepository(volume)) {
    return { decision: decide(volume, undefined, policy), repository: undefined };
  }
  const began = clock.monotonic();
  const delays = backoff({ initialMs: FIRST_WAIT_MS, maxMs: longestWaitMs, jitter: 0.3 });
  for (let attempt = 1; ; attempt += 1) {
    const repository = await engine.state(signal);
    const decision = decide(volume, repository, policy);
    const left = timeoutMs - (clock.monotonic() - began);
    const isWaiting = decision.action === 'refuse' && decision.mayChange && left > 0;
    const delayMs = isWaiting ? Math.min(delays(attempt), left) : undefined;
    if (repository.kind === 'UNKNOWN') {
      init.onUnknown(repository.reason, delayMs);
    }
    if (delayMs === undefined) {
      return { decision, repository };
    }
    await clock.sleep(delayMs, signal);
  }
}
