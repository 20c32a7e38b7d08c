import type { Readable } from 'node:stream';
import { monotonicMs } from '../monotonic.ts';

/** What has been read of one output stream of a child. */
export interface OutputReader {
  /** The consumer has not finished with what came last. */
  isBusy(): boolean;
  /** The end was reached, or the stream destroyed, and the consumer has finished. */
  isDone(): boolean;
  /** When something came or was finished last; milliseconds of the monotonic clock. */
  lastActive(): number;
  bytes(): number;
}

/**
 * Hands out what a stream brings, chunk by chunk. While the consumer's promise is pending nothing more is read, so that
 * a program that writes faster is slowed down by its own full pipe; between two chunks everything else has its turn.
 * @param consume must not throw or reject
 * @param onDone called once
 */
export function readOutput(
  stream: Readable,
  consume: (chunk: Buffer) => void | Promise<void>,
  onDone: () => void,
): OutputReader {
  let busy = false;
  let closed = false;
  let lastActive = monotonicMs();
  let bytes = 0;

  function finish(): void {
    busy = false;
    lastActive = monotonicMs();
    stream.resume();
    if (closed) {
      onDone();
    }
  }

  stream.on('error', ignore);
  stream.on('data', (chunk: Buffer) => {
    busy = true;
    bytes += chunk.length;
    lastActive = monotonicMs();
    stream.pause();
    const pending = consume(chunk);
    if (pending === undefined) {
      setImmediate(finish);
    } else {
      const next = () => void setImmediate(finish);
      pending.then(next, next);
    }
  });
  stream.on('close', () => {
    closed = true;
    if (!busy) {
      onDone();
    }
  });
  return {
    isBusy: () => busy,
    isDone: () => closed && !busy,
    lastActive: () => lastActive,
    bytes: () => bytes,
  };
}

function ignore(): void {
  // Broken pipes say nothing that the exit code does not.
}
