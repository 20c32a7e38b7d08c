import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';

/** What was found in the place of a file. */
export type ForeignContent =
  | { readonly kind: 'file'; readonly bytes: Buffer }
  /** Nothing there. */
  | { readonly kind: 'missing' }
  /** A directory, a link, a FIFO, a socket or a device. It was not waited for. */
  | { readonly kind: 'not-a-file' }
  | { readonly kind: 'too-large' }
  /** This user may not read it. */
  | { readonly kind: 'denied' };

const CHUNK_BYTES = 64 * 1024;

const KIND_OF: Readonly<Record<string, 'missing' | 'not-a-file' | 'denied'>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  ELOOP: 'not-a-file',
  ENXIO: 'not-a-file',
  EISDIR: 'not-a-file',
  EACCES: 'denied',
  EPERM: 'denied',
};

/**
 * Reads a regular file of at most `maxBytes`, without following a link in the last part of the path and without waiting
 * for a writer (a FIFO) or a device.
 * @throws the system's error when the disk fails
 */
export async function readForeignFile(path: string, maxBytes: number): Promise<ForeignContent> {
  try {
    const file = await open(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
    try {
      if (!(await file.stat()).isFile()) {
        return { kind: 'not-a-file' };
      }
      const chunks: Buffer[] = [];
      let total = 0;
      while (total <= maxBytes) {
        // The size that the file has now may be another in a moment.
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, maxBytes + 1 - total));
        const { bytesRead } = await file.read(buffer, 0, buffer.length);
        if (bytesRead === 0) {
          return { kind: 'file', bytes: Buffer.concat(chunks, total) };
        }
        chunks.push(buffer.subarray(0, bytesRead));
        total += bytesRead;
      }
      return { kind: 'too-large' };
    } finally {
      await file.close();
    }
  } catch (error) {
    const kind = KIND_OF[systemErrorCode(error) ?? ''];
    if (kind === undefined) {
      throw error;
    }
    return { kind };
  }
}
