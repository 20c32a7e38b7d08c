import type { Clock } from '../../core/clock.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import { startTimer } from '../../core/timer.ts';
import type { Trigger } from './trigger.ts';

/**
 * The same trigger with a time after which a pass is due without a request.
 * @param periodMs `Infinity` waits for requests alone, and keeps the process alive meanwhile
 */
export function withPeriod(trigger: Trigger, periodMs: number, clock: Clock): Trigger {
  return {
    request: (why) => trigger.request(why),
    next: (signal) =>
      periodMs === Number.POSITIVE_INFINITY
        ? nextRequest(trigger, signal)
        : withSignal(signal, {}, (ended) =>
            Promise.race([clock.sleep(periodMs, ended).then(() => 'period'), trigger.next(ended)]),
          ),
  };
}

async function nextRequest(trigger: Trigger, signal: AbortSignal): Promise<string> {
  // Nothing else may be open then, and Node ends when nothing is.
  const keepAlive = startTimer(Number.POSITIVE_INFINITY, () => {});
  try {
    return await trigger.next(signal);
  } finally {
    keepAlive.cancel();
  }
}
