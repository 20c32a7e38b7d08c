import type { WakeUp } from '../loop.ts';

/** A flag that is set by `set` and taken by the next `wait`; several sets before a wait count once. */
export function createWakeUp(): WakeUp & { set(): void } {
  let isSet = false;
  let notify: (() => void) | undefined;
  return {
    set() {
      isSet = true;
      notify?.();
    },
    async wait(signal) {
      if (!isSet) {
        await new Promise<void>((resolve, reject) => {
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
      isSet = false;
    },
  };
}
