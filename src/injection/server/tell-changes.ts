import { errorMessage } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';

/** Of something that is done again and again: its failure is told when it is another than the last, until it works. */
export function tellChanges(
  log: Log,
  message: string,
): (work: () => Promise<void>, signal: AbortSignal) => Promise<void> {
  let lastFailure = '';
  return async (work, signal) => {
    try {
      await work();
      lastFailure = '';
    } catch (error) {
      signal.throwIfAborted();
      const failure = errorMessage(error);
      if (failure !== lastFailure) {
        lastFailure = failure;
        log.warn(message, { error: failure });
      }
    }
  };
}
