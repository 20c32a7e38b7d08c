/**
 * Every timer of the program. Node fires a timer of more than 2^31 - 1 milliseconds (24.8 days) after one millisecond,
 * so that a limit of 600 h would expire at once; these take any length.
 */
import { monotonicMs } from './monotonic.ts';

/** The longest delay that setTimeout takes as it is. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export interface Timer {
  /** No call comes from now on; once is enough, more do no harm. */
  cancel(): void;
}

export interface TimerOptions {
  /** Whether the process stays alive for it. Default true. */
  readonly keepsAlive?: boolean | undefined;
}

/**
 * Calls back once, never before `ms` milliseconds of the monotonic clock have passed; at the next turn of the event loop
 * for 0 and less, never for `Infinity`.
 * @throws RangeError when `ms` is not a number
 */
export function startTimer(ms: number, callback: () => void, options: TimerOptions = {}): Timer {
  if (Number.isNaN(ms)) {
    throw new RangeError('a timer needs a number of milliseconds');
  }
  const end = monotonicMs() + ms;
  let handle = arm(ms);

  function arm(left: number): NodeJS.Timeout {
    const delay = Math.min(Math.max(Math.ceil(left), 0), LONGEST_DELAY_MS);
    const armed = setTimeout(check, delay);
    return options.keepsAlive === false ? armed.unref() : armed;
  }

  function check(): void {
    const left = end - monotonicMs();
    if (left > 0) {
      handle = arm(left);
    } else {
      callback();
    }
  }

  return { cancel: () => clearTimeout(handle) };
}

/** Calls back every `ms` milliseconds until it is cancelled, the first time after `ms`. */
export function startInterval(ms: number, callback: () => void, options: TimerOptions = {}): Timer {
  let timer = startTimer(ms, tick, options);

  function tick(): void {
    timer = startTimer(ms, tick, options); // first, so that the callback may cancel it
    callback();
  }

  return { cancel: () => timer.cancel() };
}

/** A signal that is aborted with a `TimeoutError` after `ms` milliseconds; it keeps no process alive. */
export function timeoutSignal(ms: number): AbortSignal {
  const controller = new AbortController();
  const expire = () => controller.abort(new DOMException(`timed out after ${ms} ms`, 'TimeoutError'));
  startTimer(ms, expire, { keepsAlive: false });
  return controller.signal;
}
