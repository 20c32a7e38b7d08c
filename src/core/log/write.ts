import { writeSync } from 'node:fs';
import { FULL_PIPE_PAUSE_MS, pauseForReader, writeSome } from '../write-text.ts';

/** How long one line may wait for a reader that does not read, in milliseconds. */
const PATIENCE_MS = 1000;

type WriteBytes = (bytes: Uint8Array) => number;

/**
 * A writer of lines to a file descriptor, synchronous so that the last line before a crash is there too.
 *
 * A pipe in non-blocking mode answers EAGAIN while its reader is slow: the writer waits up to one second, once, and
 * then drops whole lines (never a part of one) until the reader is back, and says how many were lost. A reader that
 * is gone (EPIPE) or any other failure to log never breaks the program.
 */
export function createLineWriter(
  fd: number,
  writeBytes: WriteBytes = (bytes) => writeSync(fd, bytes),
): (line: string) => void {
  let rest: Uint8Array = new Uint8Array(0);
  let lost = 0;
  let patience = PATIENCE_MS;

  /** Writes what it can before the patience ends; returns what is left. */
  const push = (bytes: Uint8Array): Uint8Array => {
    let left = bytes;
    while (left.length > 0) {
      const written = tryWrite(writeBytes, left);
      if (written === 'gone') {
        return new Uint8Array(0);
      }
      left = left.subarray(written);
      if (written > 0) {
        patience = PATIENCE_MS;
      } else if (patience <= 0) {
        return left;
      } else {
        pauseForReader();
        patience -= FULL_PIPE_PAUSE_MS;
      }
    }
    return left;
  };
  return (line) => {
    rest = push(rest);
    if (rest.length > 0) {
      lost += 1;
      return;
    }
    const notice =
      lost > 0 ? `{"level":"warn","msg":"log lines lost: the reader was too slow","lost":${lost}}\n` : '';
    const bytes = Buffer.from(`${notice}${line}\n`);
    rest = push(bytes);
    if (rest.length < bytes.length) {
      lost = 0;
    } else {
      lost += 1;
      rest = new Uint8Array(0);
    }
  };
}

function tryWrite(writeBytes: WriteBytes, bytes: Uint8Array): number | 'gone' {
  try {
    return writeSome(writeBytes, bytes);
  } catch {
    return 'gone';
  }
}
