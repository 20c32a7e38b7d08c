import { type Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log/log.ts';
import type { Runner } from './dispatcher.ts';

/** From the end of the grace to SIGKILL for all, whatever a job's own `kill-after`. */
export const AFTER_GRACE_MS = 6000;

/** Lets jobs finish within the grace, then ends their groups; whoever is left at the deadline is killed. */
export async function drain(
  runner: Runner,
  graceMs: number,
  deadline: AbortSignal,
  clock: Clock,
  log: Log,
): Promise<void> {
  const names = (): string[] => runner.active().map(({ job }) => job);
  if (names().length > 0) {
    log.info('waiting for jobs to finish', { jobs: names(), graceSeconds: graceMs / 1000 });
    const grace = clock.sleep(graceMs, deadline).catch(() => undefined);
    await Promise.race([runner.idle(), grace]);
  }
  if (names().length > 0) {
    log.warn('ending jobs: the grace period has passed', { jobs: names() });
    runner.stopAll();
    await Promise.race([runner.idle(), aborted(deadline)]);
    runner.killAll();
    await runner.idle();
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return Promise.resolve();
  }
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
