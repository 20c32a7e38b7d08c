import type { IncomingMessage, ServerResponse } from 'node:http';
import { renderJson } from '../log/render.ts';

export interface HealthCheck {
  readonly ok: boolean;
  /** Why not, for a person; shown in the 503's body. */
  readonly reason?: string | undefined;
}

/** What the paths that every command has tell. */
export interface SharedPaths {
  /** `/livez`: the loop still turns. */
  readonly live: () => HealthCheck;
  /** `/readyz`: the data is there and fresh enough. */
  readonly ready: () => HealthCheck;
  /** `/metrics`. */
  readonly metrics?: (() => Promise<{ contentType: string; body: string }>) | undefined;
  /** `/status`: any data; rendered as JSON. */
  readonly status?: (() => unknown) | undefined;
  /** Applied to `/status` and to the reasons of health checks; pass the secrets' `redact`. */
  readonly redact?: ((text: string) => string) | undefined;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** Answers a shared path and returns true, or returns false for any other path. Bodies of requests are not read. */
export async function answerSharedPath(
  paths: SharedPaths,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<boolean> {
  const answer = answerOf(paths, url.pathname);
  if (answer === undefined) {
    return false;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    sendText(response, 405, 'method not allowed');
    return true;
  }
  const { status, contentType, body } = await answer();
  send(response, status, contentType, body);
  return true;
}

function answerOf(paths: SharedPaths, path: string): (() => Answer | Promise<Answer>) | undefined {
  const redact = paths.redact ?? ((text: string) => text);
  const { metrics, status } = paths;
  if (path === '/livez') {
    return () => health(paths.live(), redact);
  }
  if (path === '/readyz') {
    return () => health(paths.ready(), redact);
  }
  if (path === '/metrics' && metrics !== undefined) {
    return async () => ({ status: 200, ...(await metrics()) });
  }
  if (path === '/status' && status !== undefined) {
    return () => ({ status: 200, contentType: JSON_TYPE, body: `${renderJson(status(), redact)}\n` });
  }
  return undefined;
}

function health(check: HealthCheck, redact: (text: string) => string): Answer {
  const body = check.ok ? 'ok' : redact(check.reason ?? 'not ok');
  return { status: check.ok ? 200 : 503, contentType: TEXT, body: `${body}\n` };
}

/** One line of plain text as the whole answer. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, TEXT, text === '' ? '' : `${text}\n`);
}

/** A whole answer with its length in bytes; Node leaves the body out for HEAD. */
export function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
