import { startTimer, type Timer } from './timer.ts';

/** Ends a wait at the latest after this long; without it, only with the parent. */
export interface Scope {
  readonly timeoutMs?: number;
  /** The reason of the abort when the time is over. */
  readonly reason?: () => Error;
}

/** One for all: it is the reason of nearly every signal here, and taking the stack for each would cost more than the rest. */
const ENDED = new DOMException('the work has ended', 'AbortError');

/**
 * Runs work under a signal that ends with its parent, after a time, or with the work itself. Unlike
 * `AbortSignal.any` on a signal that lives as long as the process, nothing of it stays on the parent afterwards.
 */
export async function withSignal<T>(
  parent: AbortSignal,
  scope: Scope,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const end = () => controller.abort(parent.reason);
  let timer: Timer | undefined;
  if (parent.aborted) {
    end();
  } else {
    parent.addEventListener('abort', end, { once: true });
    if (scope.timeoutMs !== undefined) {
      const expire = () =>
        controller.abort(scope.reason?.() ?? new DOMException('timed out', 'TimeoutError'));
      timer = startTimer(scope.timeoutMs, expire);
    }
  }
  try {
    return await work(controller.signal);
  } finally {
    timer?.cancel();
    parent.removeEventListener('abort', end);
    controller.abort(ENDED);
  }
}
