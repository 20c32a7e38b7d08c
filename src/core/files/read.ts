import { close, constants, fstat, open, read } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { systemErrorCode } from '../errors.ts';
import { startTimer } from '../timer.ts';
import { FILE_ERRORS, fileError } from './file-error.ts';

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** For `<(command)`, in milliseconds. */
const PIPE_TIMEOUT_MS = 10_000;

const openFile = promisify(open);
const statFile = promisify(fstat);
const readFile = promisify(read);
const closeFile = promisify(close);

/**
 * The whole content of a file, or undefined when there is none. A pipe is read to its end, but not waited for without an
 * end; one that nobody writes to is empty.
 * @param pipeTimeoutMs how long the writer of a pipe may take for all of it
 * @throws PillionError `file_too_large` above `maxBytes` (default 16 MiB), `read_failed` otherwise
 */
export async function readBytesIfExists(
  path: string,
  maxBytes: number = DEFAULT_MAX_BYTES,
  pipeTimeoutMs: number = PIPE_TIMEOUT_MS,
): Promise<Buffer | undefined> {
  try {
    // Without O_NONBLOCK the open of a pipe waits for a writer, in a thread that everything else needs too.
    const file = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const status = await statFile(file).catch(() => undefined); // reading says why
    const bytes = status?.isFIFO()
      ? await readPipe(file, maxBytes, pipeTimeoutMs)
      : await readAll(file, maxBytes);
    if (bytes === undefined) {
      throw FILE_ERRORS.file_too_large({ path, maxBytes }, { facts: { path, maxBytes } });
    }
    return bytes;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw fileError(FILE_ERRORS.read_failed, path, error);
  }
}

/** The same as text. */
export async function readTextIfExists(path: string, maxBytes?: number): Promise<string | undefined> {
  return (await readBytesIfExists(path, maxBytes))?.toString('utf8');
}

/**
 * The same for a file that must be there.
 * @throws PillionError `read_failed`, also when there is none; `file_too_large`
 */
export async function readText(path: string, maxBytes?: number): Promise<string> {
  const text = await readTextIfExists(path, maxBytes);
  if (text === undefined) {
    const facts = { path, systemCode: 'ENOENT' };
    throw FILE_ERRORS.read_failed({ ...facts, why: 'ENOENT: no such file or directory' }, { facts });
  }
  return text;
}

/** The size a file reports cannot be trusted: it is 0 in /proc, and files grow. */
async function readAll(file: number, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    while (total <= maxBytes) {
      const { bytesRead, buffer } = await readFile(
        file,
        Buffer.allocUnsafe(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
        null,
      );
      if (bytesRead === 0) {
        return Buffer.concat(chunks);
      }
      total += bytesRead;
      chunks.push(buffer.subarray(0, bytesRead));
    }
    return undefined;
  } finally {
    await closeFile(file);
  }
}

/**
 * By the event loop, which needs no thread to wait in. It does not notice that a pipe never had a writer, so that the
 * first read tells.
 */
async function readPipe(file: number, maxBytes: number, timeoutMs: number): Promise<Buffer | undefined> {
  const first = await readReady(file);
  if (first?.length === 0) {
    await closeFile(file);
    return first;
  }
  const socket = new Socket({ fd: file, readable: true, writable: false });
  const tooLate = new Error(`the pipe was not closed within ${timeoutMs} ms`);
  const timer = startTimer(timeoutMs, () => socket.destroy(tooLate));
  const chunks = first === undefined ? [] : [first];
  let total = first?.length ?? 0;
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      total += chunk.length;
      chunks.push(chunk);
      if (total > maxBytes) {
        return undefined;
      }
    }
    return total > maxBytes ? undefined : Buffer.concat(chunks);
  } finally {
    timer.cancel();
    socket.destroy();
  }
}

/** What is in a pipe: nothing where nobody writes, undefined where somebody has not yet. */
async function readReady(file: number): Promise<Buffer | undefined> {
  try {
    const { bytesRead, buffer } = await readFile(file, Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (systemErrorCode(error) === 'EAGAIN') {
      return undefined;
    }
    await closeFile(file);
    throw error;
  }
}
