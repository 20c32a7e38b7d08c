import { monotonicMs } from './monotonic.ts';

/** Lets others of this process work while a loop of synchronous calls runs. */

/** At most so long nothing else happens: timers, signals, requests of probes. */
const SLICE_MS = 10;

export type Breather = () => Promise<void> | undefined;

/**
 * Gives a function to be awaited again and again within a loop: it returns at once, but every few milliseconds it lets
 * the event loop turn first.
 * @throws the signal's reason, once it is aborted
 */
export function createBreather(signal?: AbortSignal): Breather {
  let sliceEnd = monotonicMs() + SLICE_MS;
  return () => {
    if (monotonicMs() < sliceEnd) {
      return undefined;
    }
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        sliceEnd = monotonicMs() + SLICE_MS;
        if (signal?.aborted === true) {
          reject(signal.reason);
        } else {
          resolve();
        }
      });
    });
  };
}
