import type { Clock } from '../../core/clock.ts';

export interface VirtualClock extends Clock {
  /** Aborted when the wall clock has passed `until`. */
  readonly signal: AbortSignal;
  /** How many sleeps there were. */
  sleeps(): number;
  /** Sets the wall clock forward or back when the monotonic one reaches `at` (milliseconds from the start). */
  stepAt(at: number, ms: number): void;
  /** Both clocks jump when the monotonic one reaches `at`, as in a process that was held up. */
  stallAt(at: number, ms: number): void;
}

/** A clock on which every sleep is over at once: a night takes as long as what is done in it. */
export function createVirtualClock(start: string, untilMs: number): VirtualClock {
  const controller = new AbortController();
  let wall = Date.parse(start);
  let monotonic = 0;
  let sleeps = 0;
  const events: { at: number; wall: number; monotonic: number }[] = [];

  function pass(ms: number): void {
    wall += ms;
    monotonic += ms;
    const due = events.filter(({ at }) => at <= monotonic);
    for (const event of due) {
      events.splice(events.indexOf(event), 1);
      wall += event.wall;
      monotonic += event.monotonic;
    }
    if (monotonic >= untilMs) {
      controller.abort();
    }
  }

  return {
    signal: controller.signal,
    now: () => wall,
    monotonic: () => monotonic,
    sleeps: () => sleeps,
    stepAt: (at, ms) => events.push({ at, wall: ms, monotonic: 0 }),
    stallAt: (at, ms) => events.push({ at, wall: ms, monotonic: ms }),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleeps += 1;
      pass(ms);
      await Promise.resolve();
    },
  };
}
