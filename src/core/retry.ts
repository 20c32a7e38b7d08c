import { type Clock, systemClock } from './clock.ts';

export interface BackoffOptions {
  /** Wait before the first retry. */
  readonly initialMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
  /** Growth per retry. Default 2. */
  readonly factor?: number | undefined;
  /** Part of each wait left to chance, 0 to 1: the wait lies in (1 - jitter) to 1 of its full length. Default 0. */
  readonly jitter?: number | undefined;
  /** A number in [0, 1); tests pass their own. */
  readonly random?: (() => number) | undefined;
}

/** The wait in milliseconds before retry number `n`, counted from 1. */
export type Delays = (n: number) => number;

/** Exponential backoff. Jitter only shortens a wait, so that `maxMs` holds and a herd of pods spreads out. */
export function backoff(options: BackoffOptions): Delays {
  const { initialMs, maxMs, factor = 2, jitter = 0, random = Math.random } = options;
  return (n) => {
    const full = initialMs === 0 ? 0 : Math.min(maxMs, initialMs * factor ** Math.max(0, n - 1));
    return full * (1 - jitter * random());
  };
}

export interface RetryOptions {
  /** How many times to try in all; `Infinity` for as long as it takes. */
  readonly attempts: number;
  readonly delays: Delays;
  readonly signal: AbortSignal;
  readonly clock?: Clock | undefined;
  /** Whether to try again after this error. Default: after any. */
  readonly retryable?: ((error: unknown) => boolean) | undefined;
  /** Called before each wait: log it. */
  readonly onRetry?: ((error: unknown, attempt: number, delayMs: number) => void) | undefined;
}

/**
 * Calls `work` until it succeeds. Throws its last error when the attempts are used up, the error is final, or the
 * signal was aborted meanwhile; throws the signal's reason when it is aborted before an attempt or during a wait.
 */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, delays, signal, clock = systemClock, retryable = () => true } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= attempts || signal.aborted || !retryable(error)) {
        throw error;
      }
      const delayMs = delays(attempt);
      options.onRetry?.(error, attempt, delayMs);
      await clock.sleep(delayMs, signal);
    }
  }
}
