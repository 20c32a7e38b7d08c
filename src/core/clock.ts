import { setTimeout as delay } from 'node:timers/promises';

/** Node fires longer timers at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Time as the program sees it; tests pass their own. All values are milliseconds. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Monotonic clock, milliseconds since an arbitrary start. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    // Node rejects with an AbortError of its own; callers want to know why they were stopped.
    throw signal?.aborted ? signal.reason : error;
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    const end = performance.now() + ms;
    let left = ms;
    do {
      await pause(Math.max(0, Math.min(left, LONGEST_TIMER_MS)), signal);
      left = end - performance.now();
    } while (left > 0);
  },
};
