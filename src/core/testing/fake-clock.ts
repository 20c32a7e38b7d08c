import type { Clock } from '../clock.ts';

export interface FakeClock extends Clock {
  /** How long each wait that is going on was asked to be, in milliseconds. */
  waits(): readonly number[];
  /** Lets time pass; every wait that is over ends, and what follows from it runs. */
  advance(milliseconds: number): Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly ms: number;
  readonly wake: () => void;
}

/** Everything that is due at once has run when this resolves. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** A clock that stands still until it is told to advance. */
export function createFakeClock(start = 1_000_000): FakeClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now,
    monotonic: () => now,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const sleeper = { until: now + ms, ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
      });
    },
    waits: () => [...sleepers].map(({ ms }) => ms),
    async advance(milliseconds) {
      now += milliseconds;
      for (const sleeper of [...sleepers].filter(({ until }) => until <= now)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settle();
    },
  };
}
