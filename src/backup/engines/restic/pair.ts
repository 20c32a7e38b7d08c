/** Two calls of restic at the same time, where there is memory for two. */
import { together } from '../../../core/together.ts';
import { memoryOfContainer } from './environment.ts';

/** Each takes 64 MiB to open a repository, whatever it does then. */
const FOR_TWO_BYTES = 512 * 1024 * 1024;

/**
 * Each of them waits as long for the store, and computes half a second alone, as the other: together they take half the
 * time. In a container with little memory the second begins when the first has ended.
 */
export async function inPair<A, B>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const limit = memoryOfContainer();
  return limit === undefined || limit >= FOR_TWO_BYTES
    ? await together(signal, first, second)
    : [await first(signal), await second(signal)];
}
