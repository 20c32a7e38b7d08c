import { writeSync } from 'node:fs';
import { defineErrors, errorMessage, type PillionError, systemErrorCode } from './errors.ts';
import { fullDiskHints } from './full-disk.ts';

interface OutputFailure {
  readonly stream: string;
  readonly why: string;
  readonly systemCode: string | undefined;
}

const HINTS: Readonly<Record<string, string>> = {
  ...fullDiskHints(' where it goes, and run it again: what has arrived there is not all'),
  EBADF: 'it is closed: give the command somewhere to write, /dev/null for nothing',
};

export const OUTPUT_ERRORS = defineErrors({
  output_failed: {
    message: ({ stream, why }: OutputFailure) => `cannot write to ${stream}: ${why}`,
    hint: ({ systemCode = '' }: OutputFailure) =>
      HINTS[systemCode] ?? 'look at where it goes, and run it again: what has arrived there is not all',
    about:
      'what a command prints could not be written, to a full disk for example: what has arrived is not all',
  },
});

/** Why standard output (1) or standard error (2) cannot be written to. */
export function outputError(descriptor: number, cause: unknown): PillionError {
  const systemCode = systemErrorCode(cause);
  const stream = descriptor === 1 ? 'standard output' : 'standard error';
  const why = errorMessage(cause).replace(/, \w+$/, '');
  return OUTPUT_ERRORS.output_failed({ stream, why, systemCode }, { facts: { systemCode }, cause });
}

/** How long a writer waits between two attempts at a full pipe, in milliseconds. */
const FULL_PIPE_PAUSE_MS = 5;

/** Bytes written by one attempt; 0 where a pipe in non-blocking mode is full at the moment (EAGAIN). */
export function writeSome(writeBytes: (bytes: Uint8Array) => number, bytes: Uint8Array): number {
  try {
    return writeBytes(bytes);
  } catch (error) {
    if (systemErrorCode(error) === 'EAGAIN') {
      return 0;
    }
    throw error;
  }
}

/** Waits, synchronously, for the reader of a full pipe. */
export function pauseForReader(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS);
}

/**
 * Writes a whole text to a descriptor, synchronously: a pipe that is full is waited for, a short write continued.
 * Returns false when nobody reads it any more.
 * @throws PillionError `output_failed`
 */
export function writeText(descriptor: number, text: string): boolean {
  let left: Uint8Array = Buffer.from(text);
  try {
    while (left.length > 0) {
      const written = writeSome((bytes) => writeSync(descriptor, bytes), left);
      if (written === 0) {
        pauseForReader();
      }
      left = left.subarray(written);
    }
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EPIPE') {
      return false;
    }
    throw outputError(descriptor, error);
  }
}
