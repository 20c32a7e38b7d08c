import { startTimer, type Timer } from '../timer.ts';

export interface Limits {
  /** Output was seen: the silence starts anew. */
  touch(): void;
  /** When output was last seen, or the start; milliseconds of the monotonic clock. */
  lastOutput(): number;
  /** No limit expires from now on. */
  clear(): void;
}

/**
 * Watches the whole time and the silence of a run; absent or infinite is no limit. A limit that has passed is looked at
 * once more after a turn of the event loop: had our own process been held up, then the output or the end that the
 * child has long delivered is read first.
 */
export function startLimits(
  limits: { readonly timeoutMs?: number | undefined; readonly inactivityMs?: number | undefined },
  onExpire: (limit: 'total' | 'inactivity') => void,
): Limits {
  const started = performance.now();
  let lastOutput = started;
  let cleared = false;
  const stopTotal = watch('total', limits.timeoutMs, () => started);
  const stopSilence = watch('inactivity', limits.inactivityMs, () => lastOutput);

  function watch(limit: 'total' | 'inactivity', ms: number | undefined, since: () => number): () => void {
    if (ms === undefined || ms === Number.POSITIVE_INFINITY) {
      return () => undefined;
    }
    let timer: Timer;
    // The timer is not set anew for every output: it looks how long is left when it fires.
    const left = () => since() + ms - performance.now();
    const check = () => {
      if (cleared) {
        return;
      }
      if (left() <= 0) {
        onExpire(limit);
      } else {
        arm();
      }
    };
    const arm = () => {
      timer = startTimer(left(), () => setImmediate(check));
    };
    arm();
    return () => timer.cancel();
  }

  return {
    touch() {
      lastOutput = performance.now();
    },
    lastOutput: () => lastOutput,
    clear() {
      cleared = true;
      stopTotal();
      stopSilence();
    },
  };
}
