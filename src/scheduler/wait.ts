import type { Clock } from '../core/clock.ts';

/**
 * Waits for `ms` (undefined: for ever) or until one of the signals is aborted. Leaves no listener on any of them, so
 * that signals which live as long as the process may be given.
 * @returns the signal that ended the wait, or undefined when the time is over
 */
export async function waitUnlessAborted(
  clock: Clock,
  ms: number | undefined,
  signals: readonly AbortSignal[],
): Promise<AbortSignal | undefined> {
  const over = new AbortController();
  const end = (): void => over.abort();
  signals.forEach((signal) => signal.addEventListener('abort', end, { once: true }));
  try {
    if (!signals.some(({ aborted }) => aborted)) {
      await (ms === undefined ? whenAborted(over.signal) : clock.sleep(ms, over.signal));
    }
  } catch {
    // One of the signals: it is found below.
  } finally {
    signals.forEach((signal) => signal.removeEventListener('abort', end));
  }
  return signals.find(({ aborted }) => aborted);
}

/** Resolves when the signal is aborted. */
function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return Promise.resolve();
  }
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
