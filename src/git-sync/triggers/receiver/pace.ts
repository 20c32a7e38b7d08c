/** How fast requests may follow each other. */
import type { Clock } from '../../../core/clock.ts';
import { startTimer, type Timer } from '../../../core/timer.ts';
import type { Trigger } from '../trigger.ts';

/** From one request to the next. A push that comes earlier waits so long, and all that come meanwhile wait with it. */
export const SHORTEST_GAP_MS = 500;

export type Planned =
  | { readonly kind: 'now' }
  /** In so many milliseconds, with others. */
  | { readonly kind: 'later'; readonly ms: number };

export interface Pace {
  /** Passes the request on at once, or as soon as it may be. */
  request(why: string): Planned;
  /** Forgets a request that waits. */
  close(): void;
}

export function createPace(
  trigger: Pick<Trigger, 'request'>,
  clock: Clock,
  gapMs: number = SHORTEST_GAP_MS,
): Pace {
  let last = Number.NEGATIVE_INFINITY;
  let waiting: Timer | undefined;
  const pass = (why: string) => {
    last = clock.monotonic();
    waiting = undefined;
    trigger.request(why);
  };
  return {
    request(why) {
      const ms = Math.max(0, last + gapMs - clock.monotonic());
      if (ms === 0) {
        waiting?.cancel();
        pass(why);
        return { kind: 'now' };
      }
      waiting ??= startTimer(ms, () => pass(why));
      return { kind: 'later', ms };
    },
    close() {
      waiting?.cancel();
      waiting = undefined;
    },
  };
}
