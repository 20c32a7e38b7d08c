import type { IncomingMessage } from 'node:http';
import { deferred } from '../deferred.ts';
import { startTimer } from '../timer.ts';
import { SERVER_ERRORS } from './errors.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** For the whole body, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Whether the request announces a body. One that is left unread would be taken for the next request. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'] ?? '0';
  return length !== '0' || request.headers['transfer-encoding'] !== undefined;
}

/**
 * Reads a request's body.
 * @throws PillionError `body_too_large`, `body_timeout`, `body_incomplete`, or the signal's reason
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await eachChunk(request, limits, (chunk) => chunks.push(chunk));
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/**
 * Hands on a request's body as it arrives, so that nobody needs to hold all of it. Resolves at its end.
 * @param take must not keep a chunk: its memory is given back at once. Left to the garbage collector, which counts the small
 *   objects and not what they hold, some large bodies would cost 50 MiB
 * @throws as `readBody`
 */
export function takeBody(
  request: IncomingMessage,
  limits: BodyLimits,
  take: (chunk: Buffer) => void,
): Promise<void> {
  return eachChunk(request, limits, (chunk) => {
    take(chunk);
    giveBack(chunk);
  });
}

/** Frees the memory of a buffer that has its own, and leaves alone one that shares it with others. */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) {
    buffer.transfer(0);
  }
}

async function eachChunk(
  request: IncomingMessage,
  limits: BodyLimits,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const { maxBytes, timeoutMs, signal } = limits;
  signal.throwIfAborted();
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    throw SERVER_ERRORS.body_too_large({ maxBytes });
  }
  const { promise, resolve, reject } = deferred<void>();
  let size = 0;
  let isWhole = false;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > maxBytes) {
      reject(SERVER_ERRORS.body_too_large({ maxBytes }));
    } else {
      take(chunk);
    }
  };
  const onEnd = (): void => {
    isWhole = true;
    resolve();
  };
  const onClose = (): void => {
    // It closes after its end, too: the error and its stack would be made for nothing.
    if (!isWhole) {
      reject(SERVER_ERRORS.body_incomplete());
    }
  };
  const onAbort = (): void => reject(signal.reason);
  const timer = startTimer(timeoutMs, () => reject(SERVER_ERRORS.body_timeout({ timeoutMs })));
  request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
    request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    request.pause();
  }
}
