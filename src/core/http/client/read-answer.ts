/** The body of an answer: whole, in pieces, or left unread. */

import type { IncomingMessage } from 'node:http';
import { deferred } from '../../deferred.ts';
import type { PillionError } from '../../errors.ts';
import { answerFailure } from './exchange.ts';
import { httpFailure } from './failure.ts';
import type { OnData } from './types.ts';

export interface BodyReading {
  readonly url: URL;
  readonly maxBytes: number;
  readonly onData?: OnData | undefined;
}

/** What may be read past to keep a connection; a new one is cheaper than more. */
const MAX_SKIPPED_BYTES = 64 * 1024;

/** The whole body as UTF-8; empty when `onData` takes it. */
export function readAnswer(
  response: IncomingMessage,
  { url, maxBytes, onData }: BodyReading,
): Promise<string> {
  const { promise, resolve, reject } = deferred<string>();
  const chunks: Buffer[] = [];
  const take = onData ?? ((chunk: Buffer) => void chunks.push(chunk));
  let bytes = 0;
  const fail = (error: unknown) => {
    // First, because giving up the connection is reported as well, and the first reason counts.
    reject(error);
    response.destroy();
  };
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    try {
      if (bytes > maxBytes) {
        throw tooLong(url, maxBytes);
      }
      const pending = take(chunk);
      if (pending !== undefined) {
        response.pause();
        pending.then(() => response.resume(), fail);
      }
    } catch (error) {
      fail(error);
    }
  });
  const onClose = () => reject(answerFailure(url, new Error('the connection was cut')));
  response.once('end', () => {
    response.off('close', onClose);
    resolve(Buffer.concat(chunks).toString('utf8'));
  });
  response.once('error', (error) => reject(answerFailure(url, error))).once('close', onClose);
  return promise;
}

/** Reads past a body that does not matter; one that is long or broken costs the connection and nothing else. */
export function skipAnswer(response: IncomingMessage): Promise<void> {
  const { promise, resolve } = deferred<void>();
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_SKIPPED_BYTES) {
      response.destroy();
    }
  });
  response.on('error', () => {});
  response.once('close', resolve).once('end', resolve);
  return promise;
}

function tooLong(url: URL, maxBytes: number): PillionError {
  return httpFailure({ reason: 'too_long', url, why: `the answer is longer than ${maxBytes} bytes` });
}
