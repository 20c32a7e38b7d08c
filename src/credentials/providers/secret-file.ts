import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemErrorCode } from '../../core/errors.ts';
import { SOURCE_ERRORS } from './errors.ts';

/** Tokens, keys and certificates have some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * A file that others replace now and then (a service account's token, a Secret), read anew each time. Links are followed,
 * since that is how such files are mounted; nothing waits for a pipe.
 * @throws PillionError `source_failed`
 */
export async function readSecretFile(path: string): Promise<string> {
  const failed = (why: string, advice: string, cause?: unknown) =>
    SOURCE_ERRORS.source_failed({ source: `the file ${path}`, why, advice }, { cause });
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const code = systemErrorCode(error) ?? 'unknown';
    const why = code === 'ENOENT' ? 'there is none' : `it cannot be opened (${code})`;
    throw failed(
      why,
      'mount the file there and let the user this runs as read it (fsGroup, defaultMode)',
      error,
    );
  }
  try {
    if (!(await file.stat()).isFile()) {
      throw failed('it is no regular file', 'give the path of a file');
    }
    const buffer = Buffer.allocUnsafe(MAX_BYTES + 1);
    const length = await fill(file, buffer);
    if (length > MAX_BYTES) {
      throw failed(`it has more than ${MAX_BYTES} bytes`, 'check that the path names the right file');
    }
    return buffer.toString('utf8', 0, length);
  } finally {
    await file.close();
  }
}

async function fill(file: FileHandle, buffer: Buffer): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) {
      break;
    }
    length += bytesRead;
  }
  return length;
}
