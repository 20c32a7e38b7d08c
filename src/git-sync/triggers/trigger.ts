/** What starts a pass. */
export interface Trigger {
  /** Asks for a pass; several requests before the next pass count once. `why` is for the log. */
  request(why: string): void;
  /**
   * Waits for a request, or takes one that came before, and resolves to its reason. One wait at a time.
   * @throws the signal's reason when it is aborted first; a request that comes later is kept for the next wait
   */
  next(signal: AbortSignal): Promise<string>;
}

/** Holds at most one request: the first since the last pass began. */
export function createTrigger(): Trigger {
  let requested: string | undefined;
  let notify: (() => void) | undefined;

  function untilRequested(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        notify = undefined;
        reject(signal.reason);
      };
      notify = () => {
        signal.removeEventListener('abort', abort);
        notify = undefined;
        resolve();
      };
      if (signal.aborted) {
        abort();
      } else {
        signal.addEventListener('abort', abort, { once: true });
      }
    });
  }

  return {
    request(why) {
      requested ??= why;
      notify?.();
    },
    async next(signal) {
      if (requested === undefined) {
        await untilRequested(signal);
      }
      const why = requested ?? '';
      requested = undefined;
      return why;
    },
  };
}
