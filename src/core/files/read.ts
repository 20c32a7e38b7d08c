import { open } from 'node:fs/promises';
import { PillionError, systemErrorCode } from '../errors.ts';
import { fileError } from './file-error.ts';

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * The whole text of a file, or undefined when there is none.
 * @throws PillionError `file_too_large` above `maxBytes` (default 16 MiB), `read_failed` otherwise
 */
export async function readTextIfExists(
  path: string,
  maxBytes: number = DEFAULT_MAX_BYTES,
): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const chunks: Buffer[] = [];
      let total = 0;
      for (;;) {
        // The size a file reports cannot be trusted: it is 0 in /proc, and files grow.
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
        if (bytesRead === 0) {
          return Buffer.concat(chunks).toString('utf8');
        }
        total += bytesRead;
        if (total > maxBytes) {
          throw tooLarge(path, maxBytes);
        }
        chunks.push(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw fileError('read', path, error);
  }
}

function tooLarge(path: string, maxBytes: number): PillionError {
  return new PillionError({
    code: 'file_too_large',
    message: `cannot read ${path}: it has more than ${maxBytes} bytes`,
    hint: 'check that the path names the right file',
    facts: { path, maxBytes },
  });
}
