/** The commit that a gate has refused last: asked again after a while only, longer each time. */
import type { Clock } from '../../../core/clock.ts';
import { backoff } from '../../../core/retry.ts';

/** From one try with the same commit to the next. */
const DELAYS = backoff({ initialMs: 10_000, maxMs: 5 * 60_000 });

export interface Refusals<E extends Error> {
  /** What this commit was refused with, until it is asked about again. */
  refusal(hash: string): E | undefined;
  /** Whether any commit was refused, and would be again for a while. */
  holds(): boolean;
  /** Remembers the error, and gives it back to be thrown. */
  refuse(hash: string, error: E): E;
  /** A commit was let through. */
  forget(): void;
}

export function createRefusals<E extends Error>(clock: Clock): Refusals<E> {
  /** `until`: of the monotonic clock. */
  let last:
    | { readonly hash: string; readonly times: number; readonly until: number; readonly error: E }
    | undefined;
  return {
    refusal: (hash) => (last?.hash === hash && clock.monotonic() < last.until ? last.error : undefined),
    holds: () => last !== undefined && clock.monotonic() < last.until,
    refuse(hash, error) {
      const times = last?.hash === hash ? last.times + 1 : 1;
      last = { hash, times, until: clock.monotonic() + DELAYS(times), error };
      return error;
    },
    forget() {
      last = undefined;
    },
  };
}
