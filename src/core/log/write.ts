import { writeSync } from 'node:fs';
import { monotonicMs } from '../monotonic.ts';
import { startTimer } from '../timer.ts';
import { pauseForReader, writeSome } from '../write-text.ts';
import { nonBlocking } from './non-blocking.ts';
import type { Severity } from './record.ts';

/** What may wait for a slow reader, in bytes; beyond it whole lines are dropped, and counted. */
const MAX_WAITING_BYTES = 256 * 1024;
/** Between two attempts at a full pipe. */
const RETRY_MS = 10;
/** How long `flush` waits for the reader. */
const FLUSH_MS = 1000;

/** Takes lines without their newline. Never blocks, never throws. */
export interface LineWriter {
  (line: string, severity?: Severity): void;
  /** Resolves when no line waits for the reader any more: code that hands on foreign output waits here before the next. */
  drained?(): Promise<void>;
  /** Writes what still waits, synchronously, for at most a second: before the end of the process. */
  flush?(): void;
}

export interface LineWriterOptions {
  /** The line that says how many were lost; default none. */
  readonly lostNotice?: ((lost: number) => string) | undefined;
  /** Writes some bytes and says how many; EAGAIN where there is no room. Default: to the descriptor. */
  readonly writeBytes?: ((bytes: Uint8Array) => number) | undefined;
}

/**
 * A writer of lines to standard output or standard error. A line is written at once where the reader keeps up, so that
 * the last before a crash is there too. What a slow reader has not taken waits, up to a limit; then whole lines are
 * dropped, never a part of one, until the reader is back. When the reader is gone, logging must not break the program.
 */
export function createLineWriter(fd: 1 | 2, options: LineWriterOptions = {}): LineWriter {
  const { lostNotice, writeBytes = writerTo(fd) } = options;
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let isRetrying = false;
  const listeners: (() => void)[] = [];

  function enqueue(text: string): void {
    const bytes = Buffer.from(`${text}\n`);
    waiting.push(bytes);
    waitingBytes += bytes.length;
  }

  /** Writes what there is room for. */
  function push(): void {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const written = tryWrite(writeBytes, first);
      waitingBytes -= written;
      if (written < first.length) {
        waiting[0] = first.subarray(written);
        if (written === 0) {
          return;
        }
      } else {
        waiting.shift();
        if (waiting.length === 0) {
          admitLoss();
        }
      }
    }
    listeners.splice(0).forEach((resolve) => resolve());
  }

  /** Says how many lines were lost, where they are missing. */
  function admitLoss(): void {
    const notice = lost > 0 ? lostNotice?.(lost) : undefined;
    lost = 0;
    if (notice !== undefined) {
      enqueue(notice);
    }
  }

  function retryLater(): void {
    if (waiting.length > 0 && !isRetrying) {
      isRetrying = true;
      startTimer(RETRY_MS, () => {
        isRetrying = false;
        push();
        retryLater();
      });
    }
  }

  const write = (line: string): void => {
    if (waitingBytes > MAX_WAITING_BYTES) {
      lost += 1;
      return;
    }
    const wasEmpty = waiting.length === 0;
    admitLoss();
    enqueue(line);
    if (wasEmpty) {
      push();
      retryLater();
    }
  };
  return Object.assign(write, {
    drained: () =>
      new Promise<void>((resolve) => {
        listeners.push(resolve);
        push();
      }),
    flush() {
      const end = monotonicMs() + FLUSH_MS;
      for (push(); waiting.length > 0 && monotonicMs() < end; push()) {
        pauseForReader();
      }
    },
  });
}

/** Opened at the first line: a command that writes none pays nothing. */
function writerTo(fd: 1 | 2): (bytes: Uint8Array) => number {
  let opened: number | undefined;
  return (bytes) => {
    opened ??= nonBlocking(fd);
    return writeSync(opened, bytes);
  };
}

/** A line that cannot be written, because the reader is gone or for any other reason, counts as written. */
function tryWrite(writeBytes: (bytes: Uint8Array) => number, bytes: Uint8Array): number {
  try {
    return writeSome(writeBytes, bytes);
  } catch {
    return bytes.length;
  }
}
