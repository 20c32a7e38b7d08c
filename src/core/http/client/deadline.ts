import { deferred } from '../../deferred.ts';
import { startTimer } from '../../timer.ts';
import { httpFailure } from './failure.ts';

export interface Destroyable {
  destroy(): unknown;
}

/** What is open on behalf of one call. */
export interface CallScope {
  /** Destroys it when the call is over, however it ends, or now if that was already so. */
  destroyAtEnd(thing: Destroyable): void;
  /** Lets everything live on: the call has got all it wanted, and its connection is free for another. */
  release(): void;
}

export interface DeadlineInit {
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** The URL being asked when it ends, for the message. */
  readonly url: () => URL | undefined;
}

/**
 * Runs work that opens connections, for at most `timeoutMs` milliseconds and until the signal is aborted, whatever the
 * work itself still waits for. When it returns, what was not released is destroyed, and no timer and no listener is left.
 */
export async function beforeDeadline<T>(
  { timeoutMs, signal, url }: DeadlineInit,
  work: (scope: CallScope) => Promise<T>,
): Promise<T> {
  const aborted = () =>
    httpFailure({ reason: 'aborted', url: url(), why: 'was given up', cause: signal.reason });
  if (signal.aborted) {
    throw aborted();
  }
  const open = new Set<Destroyable>();
  let over = false;
  const scope: CallScope = {
    destroyAtEnd(thing) {
      open.add(thing);
      if (over) {
        thing.destroy();
      }
    },
    release: () => open.clear(),
  };
  const cut = deferred<never>();
  const abort = () => cut.reject(aborted());
  const expire = () =>
    cut.reject(
      httpFailure({ reason: 'timeout', url: url(), why: `no complete answer within ${timeoutMs} ms` }),
    );
  const timer = timeoutMs === undefined ? undefined : startTimer(timeoutMs, expire);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work(scope), cut.promise]);
  } finally {
    over = true;
    timer?.cancel();
    signal.removeEventListener('abort', abort);
    open.forEach((thing) => thing.destroy());
  }
}
