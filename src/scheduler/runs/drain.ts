import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log/log.ts';
import type { JobSpec } from '../job-spec.ts';
import { waitUnlessAborted } from '../wait.ts';
import { FORCED_END_MS } from './attempt.ts';
import type { Dispatcher } from './dispatcher.ts';

const KILL_AFTER_MS = 4000;
/** From the end of the grace to the end of the drain, whatever a job's own `killAfterMs`. */
export const AFTER_GRACE_MS = KILL_AFTER_MS + FORCED_END_MS;

/** Lets jobs finish within the grace, then asks them to end; what still runs at the deadline is ended by force. */
export async function drain<S extends JobSpec>(
  dispatcher: Dispatcher<S>,
  graceMs: number,
  deadline: AbortSignal,
  clock: Clock,
  log: Log,
): Promise<void> {
  const names = (): string[] => dispatcher.active().map(({ spec }) => spec.name);
  if (names().length > 0) {
    log.info('waiting for jobs to finish', { jobs: names(), graceSeconds: graceMs / 1000 });
    await Promise.race([dispatcher.idle(), waitUnlessAborted(clock, graceMs, [deadline])]);
  }
  if (names().length > 0) {
    log.warn('ending jobs: the grace period has passed', { jobs: names() });
    dispatcher.stopAll();
    await Promise.race([dispatcher.idle(), waitUnlessAborted(clock, KILL_AFTER_MS, [deadline])]);
    dispatcher.killAll();
    await dispatcher.idle();
  }
}
