/** The passes of a sync, for those who wait for one. */

import { deferred } from '../../../core/deferred.ts';
import { errorMessage, isPillionError } from '../../../core/errors.ts';
import type { SyncObserver } from '../../sync/events.ts';

export type PassOutcome =
  | { readonly ok: true; readonly hash: string; readonly changed: boolean }
  | { readonly ok: false; readonly error: string; readonly code: string | undefined };

export interface Passes {
  readonly observe: SyncObserver;
  /** Whether one is going on. */
  running(): boolean;
  /** The commit that the last one has found or made published. */
  published(): string | undefined;
  /** What comes of the next that begins from now on. */
  next(): Promise<PassOutcome>;
  /** Calls back at the end of each that went well. */
  onSuccess(listener: (hash: string) => void): void;
}

export function watchPasses(): Passes {
  let isRunning = false;
  let published: string | undefined;
  let upcoming = deferred<PassOutcome>();
  let current = upcoming;
  const listeners: ((hash: string) => void)[] = [];
  return {
    observe(event) {
      switch (event.kind) {
        case 'pass-started':
          isRunning = true;
          current = upcoming;
          upcoming = deferred();
          return undefined;
        case 'pass-succeeded': {
          const { hash, changed } = event.result;
          published = hash;
          current.resolve({ ok: true, hash, changed });
          listeners.forEach((listener) => listener(hash));
          return undefined;
        }
        case 'pass-failed': {
          const { error } = event;
          const code = isPillionError(error) ? error.code : undefined;
          current.resolve({ ok: false, error: errorMessage(error), code });
          return undefined;
        }
        case 'pass-ended':
          isRunning = false;
          return undefined;
        default:
          return undefined;
      }
    },
    running: () => isRunning,
    published: () => published,
    next: () => upcoming.promise,
    onSuccess(listener) {
      listeners.push(listener);
    },
  };
}
