import { withForeignRoot } from '../core/foreign-files/directory.ts';
import { timeoutSignal } from '../core/timer.ts';
import { untilAborted } from '../core/until-aborted.ts';

/** A probe of Kubernetes waits a second; a volume that takes longer has nothing to offer to an application either. */
const LIMIT_MS = 500;

/**
 * Tells whether the link leads to a directory, without holding up the process where the volume hangs: that is a no. As
 * long as one check hangs no other is begun, since each holds a thread.
 */
export function createPublishedCheck(link: string): () => Promise<boolean> {
  let looking: Promise<boolean> | undefined;
  return async () => {
    const signal = timeoutSignal(LIMIT_MS);
    if (looking === undefined) {
      const settle = (isThere: boolean) => {
        looking = undefined;
        return isThere;
      };
      looking = withForeignRoot(link, () => Promise.resolve(true)).then(settle, () => settle(false));
    }
    return untilAborted(looking, signal).catch(() => false);
  };
}
