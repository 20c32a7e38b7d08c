/** Standard output for what takes long: nobody else is kept waiting for its reader. */
import process from 'node:process';
import { systemErrorCode } from './errors.ts';
import { untilAborted } from './until-aborted.ts';
import { outputError } from './write-text.ts';

/**
 * Writes bytes to standard output while others have their turn, and waits until they are on their way. Returns false when nobody
 * reads it any more.
 * @throws PillionError `output_failed`, or the signal's reason
 */
export async function writeOutput(bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
  const { stdout } = process;
  // Each write says by itself what has come of it.
  if (!stdout.listeners('error').includes(ignore)) {
    stdout.on('error', ignore);
  }
  const error = await untilAborted(
    new Promise<Error | null | undefined>((resolve) => {
      stdout.write(bytes, resolve);
    }),
    signal,
  );
  if (error && systemErrorCode(error) !== 'EPIPE') {
    throw outputError(1, error);
  }
  return !error;
}

const ignore = (): void => undefined;
