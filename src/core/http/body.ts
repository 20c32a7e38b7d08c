import type { IncomingMessage } from 'node:http';
import { PillionError } from '../errors.ts';
import { startTimer } from '../timer.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** For the whole body, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a request's body. Fails with `body_too_large` (HTTP 413), `body_timeout` (408) or `body_incomplete` (400), or
 * with the signal's reason; the server answers such an error thrown by a handler with the status in parentheses.
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const { maxBytes, timeoutMs, signal } = limits;
  if (signal?.aborted === true) {
    return Promise.reject(asError(signal.reason));
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    return Promise.reject(tooLarge(maxBytes));
  }
  const { promise, resolve, reject } = withResolvers();
  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > maxBytes) {
      reject(tooLarge(maxBytes));
    }
  };
  const onClose = (): void =>
    reject(bodyError('body_incomplete', 'the request ended before its body was complete'));
  const onAbort = (): void => reject(asError(signal?.reason));
  const onTimeout = (): void => reject(bodyError('body_timeout', `no complete body within ${timeoutMs} ms`));
  const timer = startTimer(timeoutMs, onTimeout);
  const onEnd = (): void => resolve(Buffer.concat(chunks));
  request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  signal?.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
    request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    request.pause();
  });
}

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  body_too_large: 413,
  body_timeout: 408,
  body_incomplete: 400,
};

/** The HTTP status of an error of this module; undefined for any other error. */
export function bodyErrorStatus(error: unknown): number | undefined {
  return error instanceof PillionError ? STATUS_OF_CODE[error.code] : undefined;
}

function tooLarge(maxBytes: number): PillionError {
  return bodyError('body_too_large', `the body is larger than ${maxBytes} bytes`);
}

function bodyError(code: string, message: string): PillionError {
  return new PillionError({ code, message });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

/** Promise.withResolvers, which Node has from 22 on. */
function withResolvers(): {
  promise: Promise<Buffer>;
  resolve: (body: Buffer) => void;
  reject: (error: Error) => void;
} {
  let resolve: (body: Buffer) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Buffer>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
