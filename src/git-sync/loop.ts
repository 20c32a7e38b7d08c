/** Pass after pass: waits for the next, and gives up when too many have failed. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log/log.ts';
import { formatGoDuration } from '../core/options/go-values.ts';
import type { Schedule } from './settings.ts';
import type { PassResult } from './sync/events.ts';
import { HOOK_ERRORS } from './sync/hooks/errors.ts';
import type { SyncMessages } from './sync/observers/messages.ts';
import { hasSucceeded } from './sync/status.ts';
import type { Syncer } from './sync/syncer.ts';
import { withPeriod } from './triggers/period.ts';
import type { Trigger } from './triggers/trigger.ts';
import { isForgiven, waitAfterFailure, waitAfterSuccess } from './waits.ts';

export interface LoopInit {
  readonly syncer: Syncer;
  readonly schedule: Schedule;
  readonly trigger: Trigger;
  readonly messages: SyncMessages;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1: what this pod has of the jitter. */
  readonly share: number;
  /** Aborted when the process is to end. */
  readonly stop: AbortSignal;
  /** Called once, when nothing is to be done for the first time after a success. */
  readonly atFirstRest?: () => void;
}

/** What the loop waits for. */
export interface LoopStatus {
  /** Milliseconds since the epoch; `Infinity` when only a request leads to another pass, undefined during one. */
  readonly nextPassAt: number | undefined;
}

export interface SyncLoop {
  /** Resolves to the exit code: when it is done, has failed too often, or is stopped. */
  run(): Promise<number>;
  status(): LoopStatus;
}

/** The limit that counts now: one for the time until the first success, one for the time after. */
export function failureLimit(schedule: Schedule, everSucceeded: boolean): number {
  return everSucceeded ? schedule.maxFailures : schedule.initMaxFailures;
}

/** Whether so many failures in a row end the process; 0 and 1 are the same, negative never does. */
export function isTooMany(failures: number, limit: number): boolean {
  return limit >= 0 && failures >= limit;
}

type Next =
  | { readonly kind: 'wait'; readonly ms: number }
  /** There are no polls, or nothing can change any more: then a request only has the published worktree checked again. */
  | { readonly kind: 'wait-for-request' }
  | { readonly kind: 'exit'; readonly code: number };

function afterFailure({ syncer, schedule, messages, log, share }: LoopInit, error: unknown): Next {
  const status = syncer.status();
  const failCount = status.failuresInARow;
  const everSucceeded = hasSucceeded(status);
  const maxFailures = failureLimit(schedule, everSucceeded);
  if (isTooMany(failCount, maxFailures) && !isForgiven(schedule, everSucceeded, error)) {
    log.error('too many failures, aborting', error, { failCount, maxFailures });
    return { kind: 'exit', code: 1 };
  }
  const ms = waitAfterFailure(schedule, everSucceeded, failCount, error, share);
  messages.willRetry(error, failCount, ms);
  return { kind: 'wait', ms };
}

/** `--one-time`: the first result of every hook decides. */
async function finishOnce({ syncer, log }: LoopInit): Promise<Next> {
  const hooks = await syncer.failedHooks();
  if (hooks.length === 0) {
    log.info('exiting after one sync', { status: 0 });
    return { kind: 'exit', code: 0 };
  }
  log.error('exiting after one sync: a hook failed', HOOK_ERRORS.hooks_failed({ hooks }), { status: 1 });
  return { kind: 'exit', code: 1 };
}

async function afterSuccess(init: LoopInit, result: PassResult, isFirst: boolean): Promise<Next> {
  const { schedule, messages, log } = init;
  if (schedule.oneTime) {
    return finishOnce(init);
  }
  if (isFirst) {
    init.atFirstRest?.();
  }
  if (isFirst && schedule.initPeriodMs !== schedule.periodMs) {
    const period =
      schedule.periodMs === Number.POSITIVE_INFINITY ? '0s' : formatGoDuration(schedule.periodMs);
    log.info('initial sync complete, switching to the regular period', { period });
  }
  if (result.pinned) {
    messages.pinned(result.hash);
    return { kind: 'wait-for-request' };
  }
  const ms = waitAfterSuccess(schedule, init.share);
  return ms === Number.POSITIVE_INFINITY ? { kind: 'wait-for-request' } : { kind: 'wait', ms };
}

async function runCycle(init: LoopInit): Promise<Next> {
  const isFirst = !hasSucceeded(init.syncer.status());
  let result: PassResult;
  try {
    result = await init.syncer.pass(init.stop);
  } catch (error) {
    return init.stop.aborted ? { kind: 'exit', code: 0 } : afterFailure(init, error);
  }
  return afterSuccess(init, result, isFirst);
}

export function createLoop(init: LoopInit): SyncLoop {
  const { syncer, trigger, messages, clock, stop } = init;
  let nextPassAt: number | undefined;

  async function waitForNextPass(ms: number): Promise<void> {
    nextPassAt = clock.now() + ms;
    await withPeriod(trigger, ms, clock)
      .next(stop)
      .then(
        () => {
          nextPassAt = undefined;
        },
        () => {
          // The end has come; the loop sees it by itself.
        },
      );
  }

  return {
    async run() {
      while (!stop.aborted) {
        const next = await runCycle(init);
        if (next.kind === 'exit') {
          return next.code;
        }
        if (next.kind === 'wait') {
          messages.nextSync(next.ms, syncer.status().syncCount);
          await waitForNextPass(next.ms);
        } else {
          await waitForNextPass(Number.POSITIVE_INFINITY);
        }
      }
      return 0;
    },
    status: () => ({ nextPassAt }),
  };
}
