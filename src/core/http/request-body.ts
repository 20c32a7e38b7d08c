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
  const { maxBytes, timeoutMs, signal } = limits;
  signal.throwIfAborted();
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    throw SERVER_ERRORS.body_too_large({ maxBytes });
  }
  const { promise, resolve, reject } = deferred<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  let isWhole = false;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > maxBytes) {
      reject(SERVER_ERRORS.body_too_large({ maxBytes }));
    } else {
      chunks.push(chunk);
    }
  };
  const onEnd = (): void => {
    isWhole = true;
    resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
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
    return await promise;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
    request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    request.pause();
  }
}
