import { writeSync } from 'node:fs';
import { systemErrorCode } from './errors.ts';

const FULL_PIPE_WAIT_MS = 5;

/**
 * Writes a whole text to a descriptor, synchronously: a pipe that is full is waited for, a short write continued.
 * Returns false when nobody reads it any more; other errors are thrown.
 */
export function writeText(descriptor: number, text: string): boolean {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'EPIPE') {
        return false;
      }
      if (code !== 'EAGAIN') {
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_WAIT_MS);
    }
  }
  return true;
}
