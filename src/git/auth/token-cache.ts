/** A token that is kept until shortly before its end. */
import { errorMessage } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';

/** It ends while it is used, at the latest when a long fetch asks for it once more. */
const LONGEST_MARGIN_MS = 5 * 60_000;
/** The share of its life that is left when the next one is asked for, where that is less. */
const MARGIN_SHARE = 1 / 3;
/** With less left than this a token is as good as none. */
const LAST_USE_MS = 10_000;
/** How long a token that still holds is used without another question after one that failed. */
const PAUSE_MS = 30_000;

interface Ending {
  /** Milliseconds since the epoch; undefined: good for one use. */
  readonly expiresAt?: number | undefined;
}

export interface TokenCacheInit<T> {
  readonly name: string;
  readonly ask: (signal: AbortSignal) => Promise<T>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

export interface TokenCache<T> {
  /** The token that holds. When no other can be had, one that has not ended yet is used on, with a warning. */
  current(signal: AbortSignal): Promise<T>;
  /** It was refused: the next one is asked for at once. */
  forget(): void;
}

export function createTokenCache<T extends Ending>({
  name,
  ask,
  now,
  log,
}: TokenCacheInit<T>): TokenCache<T> {
  let kept: T | undefined;
  let askAgainAt = 0;
  return {
    async current(signal) {
      const asked = now();
      if (kept !== undefined && asked < askAgainAt) {
        return kept;
      }
      try {
        kept = await ask(signal);
        const end = kept.expiresAt ?? 0;
        askAgainAt = end - Math.min(LONGEST_MARGIN_MS, (end - asked) * MARGIN_SHARE);
        return kept;
      } catch (error) {
        const left = (kept?.expiresAt ?? 0) - now();
        if (kept === undefined || left < LAST_USE_MS || signal.aborted) {
          throw error;
        }
        askAgainAt = now() + Math.min(PAUSE_MS, left - LAST_USE_MS);
        log.warn('no other credential can be had; the last one still holds', {
          source: name,
          seconds: Math.floor(left / 1000),
          why: errorMessage(error),
        });
        return kept;
      }
    },
    forget() {
      kept = undefined;
    },
  };
}
