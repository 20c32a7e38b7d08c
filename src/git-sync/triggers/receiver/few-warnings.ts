/** Warnings that strangers can cause: few of them, however many requests they send. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log/log.ts';

const GAP_MS = 10_000;

export type FewWarnings = (message: string, facts: Readonly<Record<string, unknown>>) => void;

/** Logs each message at most once in ten seconds, with how many were left out since. */
export function createFewWarnings(log: Log, clock: Clock): FewWarnings {
  const last = new Map<string, { at: number; leftOut: number }>();
  return (message, facts) => {
    const now = clock.monotonic();
    const before = last.get(message);
    if (before !== undefined && now - before.at < GAP_MS) {
      before.leftOut += 1;
      return;
    }
    log.warn(message, { ...facts, ...(before && before.leftOut > 0 && { alsoSince: before.leftOut }) });
    last.set(message, { at: now, leftOut: 0 });
  };
}
