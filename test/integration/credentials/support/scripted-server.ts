/** A server that answers as a function says, and what sources make of it. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { onTestFinished } from 'vitest';
import type { Answer, Source } from '../../../../src/credentials/model.ts';
import { listenOnLoopback } from '../../../support/listen.ts';

export const never = new AbortController().signal;

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Scripted {
  readonly url: string;
  readonly seen: Seen[];
}

/** Answers with what the function gives; undefined is no answer at all. */
export async function serve(
  answer: (
    request: Seen,
  ) => { status?: number; body: string | Buffer; headers?: Record<string, string> } | undefined,
  secure?: { key: string; cert: string; ca: string },
): Promise<Scripted> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body };
      seen.push(one);
      const reply = answer(one);
      if (reply !== undefined) {
        response.writeHead(reply.status ?? 200, reply.headers).end(reply.body);
      }
    });
  };
  const server =
    secure === undefined
      ? createServer(listener)
      : createSecureServer({ ...secure, requestCert: true, rejectUnauthorized: true }, listener);
  const { port, down } = await listenOnLoopback(server);
  onTestFinished(down);
  return { url: `http${secure === undefined ? '' : 's'}://127.0.0.1:${port}`, seen };
}

export const ask = (source: Source, signal: AbortSignal = never): Promise<Answer> => source.ask(signal);

/** The error that a question ends with. */
export async function failure(source: Source): Promise<{ code: string; message: string; hint?: string }> {
  return ask(source).then(
    (answer) => ({ code: `none: ${JSON.stringify(answer)}`, message: '' }),
    (error: { code: string; message: string; hint?: string }) => error,
  );
}
