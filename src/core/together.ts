/** Two pieces of work at the same time, of which neither is left alone. */
import { withSignal } from './scoped-signal.ts';

type Work<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Gives both results. When one of them fails the signal of the other is aborted, and its end is waited for.
 * @throws what failed first
 */
export function together<A, B>(parent: AbortSignal, first: Work<A>, second: Work<B>): Promise<[A, B]> {
  return withSignal(parent, {}, async (scoped) => {
    const failed = new AbortController();
    const signal = AbortSignal.any([scoped, failed.signal]);
    let failure: { readonly error: unknown } | undefined;
    const guarded = async <T>(work: Work<T>): Promise<T> => {
      try {
        return await work(signal);
      } catch (error) {
        failure ??= { error };
        failed.abort(error);
        throw error;
      }
    };
    const both = [guarded(first), guarded(second)] as const;
    await Promise.allSettled(both);
    if (failure !== undefined) {
      throw failure.error;
    }
    return [await both[0], await both[1]];
  });
}
