import type { Clock } from '../../core/clock.ts';

/** The wall clock may be set at any time and timers do not notice: it is read at least this often. */
const MAX_SLEEP_MS = 30_000;

export interface Tick {
  readonly now: number;
  /** How far the wall clock ran ahead of the monotonic one since the last tick. */
  readonly stepMs: number;
}

export interface TimerLoop {
  /** Resolves when the signal has been aborted; rejects with what `tick` throws. */
  readonly ended: Promise<void>;
  /** Ends the present sleep: something earlier may be due. */
  wake(): void;
  /** Monotonic time of the last tick: a loop that is stuck has an old one. */
  lastTick(): number;
}

/**
 * Calls `tick` now, whenever the time it returned has come, and at least every 30 s, on one timer, until the signal
 * is aborted.
 */
export function startTimerLoop(
  clock: Clock,
  signal: AbortSignal,
  tick: (tick: Tick) => number | undefined,
): TimerLoop {
  let sleep = new AbortController();
  let wall = clock.now();
  let monotonic = clock.monotonic();
  const wake = (): void => sleep.abort();
  signal.addEventListener('abort', wake, { once: true });

  async function run(): Promise<void> {
    while (!signal.aborted) {
      sleep = new AbortController();
      const now = clock.now();
      const elapsed = clock.monotonic() - monotonic;
      const stepMs = now - wall - elapsed;
      wall = now;
      monotonic += elapsed;
      const next = tick({ now, stepMs });
      const wait = next === undefined ? MAX_SLEEP_MS : Math.ceil(next - clock.now());
      try {
        await clock.sleep(Math.min(Math.max(wait, 0), MAX_SLEEP_MS), sleep.signal);
      } catch {
        // Woken: by an earlier due time or by the end.
      }
    }
  }
  return { ended: run(), wake, lastTick: () => monotonic };
}
