import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemErrorCode } from '../../core/errors.ts';
import { SOURCE_ERRORS } from './errors.ts';

/** Tokens, keys and certificates have some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * A file that others replace now and then (a service account's token, a Secret), read again each time. Links are followed,
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
    const content = await readUpTo(file, MAX_BYTES);
    if (content === undefined) {
      throw failed(`it has more than ${MAX_BYTES} bytes`, 'check that the path names the right file');
    }
    if (!isUtf8(content)) {
      throw failed('it is not UTF-8', 'save it as UTF-8; secrets in other encodings cannot be passed on');
    }
    return content.toString('utf8');
  } finally {
    await file.close();
  }
}

const CHUNK_BYTES = 16 * 1024;

/** Undefined for more than that; in small pieces, since such files are small. */
async function readUpTo(file: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for (let length = 0; length <= maxBytes; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
    if (bytesRead === 0) {
      return Buffer.concat(chunks);
    }
    length += bytesRead;
    chunks.push(buffer.subarray(0, bytesRead));
  }
  return undefined;
}
