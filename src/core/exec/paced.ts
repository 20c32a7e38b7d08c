import { monotonicMs } from '../monotonic.ts';

/** How long costly consumers of output may hold up one turn of the event loop, all together, in milliseconds. */
const TURN_MS = 5;
/** What is handed out between two readings of the clock: some hundred lines of `yes`. */
const SLICE_BYTES = 256;

/** Consumers whose turn is over, first come, first served. */
const waiting: (() => void)[] = [];
let turnEnds = Number.NEGATIVE_INFINITY;

/**
 * Hands a chunk of output to a costly consumer in slices, so that timers and requests have their turn every few
 * milliseconds, however many programs write as fast as they can. Returned from `onOutput`, the promise slows down the
 * program. A small chunk is handed out at once.
 * @param consume may return a promise, which is waited for before the next slice
 */
export function paced(chunk: Buffer, consume: (slice: Buffer) => unknown): Promise<void> | undefined {
  if (chunk.length > SLICE_BYTES) {
    return handOut(chunk, consume);
  }
  const pending = consume(chunk);
  return pending instanceof Promise ? pending.then(() => undefined) : undefined;
}

async function handOut(chunk: Buffer, consume: (slice: Buffer) => unknown): Promise<void> {
  for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
    if (monotonicMs() >= turnEnds) {
      await nextTurn();
    }
    const pending = consume(chunk.subarray(at, at + SLICE_BYTES));
    if (pending instanceof Promise) {
      await pending;
    }
  }
}

function nextTurn(): Promise<void> {
  if (waiting.length === 0) {
    setImmediate(beginTurn);
  }
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

/** One consumer a turn; what it leaves of the time belongs to those that come back in that turn. */
function beginTurn(): void {
  turnEnds = monotonicMs() + TURN_MS;
  waiting.shift()?.();
  if (waiting.length > 0) {
    setImmediate(beginTurn);
  }
}
