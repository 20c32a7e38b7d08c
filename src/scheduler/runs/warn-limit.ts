import type { Clock } from '../../core/clock.ts';
import type { Fields, Log } from '../../core/log/log.ts';

const INTERVAL_MS = 60_000;

/** Lets one warning per job and minute through, and says how many it held back. */
export interface WarnLimit {
  warn(job: string, message: string, fields?: Fields): void;
}

/** However often a schedule fires, a log must not fill a disk. */
export function createWarnLimit(log: Log, clock: Clock): WarnLimit {
  const jobs = new Map<string, { until: number; held: number }>();
  return {
    warn(job, message, fields = {}) {
      const now = clock.monotonic();
      const state = jobs.get(job) ?? { until: Number.NEGATIVE_INFINITY, held: 0 };
      jobs.set(job, state);
      if (now < state.until) {
        state.held += 1;
        return;
      }
      const held = state.held > 0 ? { suppressed: state.held } : {};
      state.until = now + INTERVAL_MS;
      state.held = 0;
      log.warn(message, { job, ...fields, ...held });
    },
  };
}
