import { writeSync } from 'node:fs';
import { systemErrorCode } from './errors.ts';

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
 * Returns false when nobody reads it any more; other errors are thrown.
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
    throw error;
  }
}
