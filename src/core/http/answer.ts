/** From a request to the reply of its route. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { deferred } from '../deferred.ts';
import type { Log } from '../log/log.ts';
import { startTimer } from '../timer.ts';
import { SERVER_ERRORS, statusOf } from './errors.ts';
import { hasBody, readBody, takeBody } from './request-body.ts';
import { type Reply, type Route, type RouteRequest, textReply } from './route.ts';
import type { Router } from './router.ts';

const DEFAULT_BODY_TIMEOUT_MS = 10_000;
/** An API server and other careful clients ask again after so many seconds. */
const BUSY_RETRY_AFTER_S = 1;

export interface AnswerInit {
  readonly router: Router;
  readonly log: Log | undefined;
  /** Whether clients are to leave: every answer ends its connection. */
  readonly isDraining: () => boolean;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The function that answers requests. It rejects only where an answer is none of HTTP. */
export function createAnswer({ router, log, isDraining }: AnswerInit): Answer {
  const inFlight = new Map<Route, number>();

  /** Counts until the handler is done, also when its answer is no longer wanted: until then it takes its share. */
  async function handle(route: Route, request: RouteRequest): Promise<Reply> {
    const count = inFlight.get(route) ?? 0;
    if (count >= (route.maxInFlight ?? Number.POSITIVE_INFINITY)) {
      return { ...textReply(503, 'busy'), headers: { 'retry-after': String(BUSY_RETRY_AFTER_S) } };
    }
    inFlight.set(route, count + 1);
    try {
      return await route.handle(request);
    } finally {
      inFlight.set(route, (inFlight.get(route) ?? 1) - 1);
    }
  }

  async function replyTo(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const url = requestUrl(request.url ?? '');
    if (url === undefined) {
      return textReply(400, 'bad request');
    }
    const method = request.method ?? '';
    const found = router(method, url.pathname);
    if (found === undefined) {
      return textReply(404, 'not found');
    }
    if ('allow' in found) {
      return { ...textReply(405, 'method not allowed'), headers: { allow: found.allow } };
    }
    const { route } = found;
    const { timeoutMs } = route;
    const limit = typeof timeoutMs === 'function' ? timeoutMs(url.searchParams) : timeoutMs;
    return withCaller(limit, response, (signal, giveUp) =>
      handle(route, {
        method: method === 'HEAD' ? 'GET' : method,
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        remoteAddress: request.socket.remoteAddress ?? '',
        signal,
        readBody: () => readBody(request, bodyLimits(route, signal)),
        takeBody: (take) => takeBody(request, bodyLimits(route, signal), take),
        giveUp,
      }),
    );
  }

  function refuse(request: IncomingMessage, error: unknown): Reply {
    const status = statusOf(error);
    const facts = { method: request.method, path: (request.url ?? '').split('?')[0] };
    if (SERVER_ERRORS.caller_gone.matches(error)) {
      log?.at(2, 'http request given up by its caller', facts);
    } else if (status === 500) {
      log?.error('http request failed', error, facts);
    } else {
      log?.at(1, 'http request refused', { ...facts, status });
    }
    return {
      ...textReply(status, status === 500 ? 'internal error' : 'request refused'),
      headers: { connection: 'close' },
    };
  }

  return async (request, response) => {
    const reply = await replyTo(request, response).catch((error: unknown) => refuse(request, error));
    const isUnread = hasBody(request) && !request.complete;
    await everybodyRead();
    if (response.destroyed) {
      return;
    }
    writeHead(response, reply, isUnread || isDraining());
    if (isUnread) {
      response.write(reply.body ?? '');
      await untilRead(request);
      response.end();
    } else {
      response.end(reply.body ?? '');
    }
  };
}

/**
 * The end of this turn of the event loop, when what has arrived on all connections is read. Answers of one turn are
 * written together: one by one each would wake its client, and on a busy machine give it this processor, which costs more
 * than the answer does.
 */
function everybodyRead(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function bodyLimits(route: Route, signal: AbortSignal) {
  return {
    maxBytes: route.maxBodyBytes ?? 0,
    timeoutMs: route.bodyTimeoutMs ?? DEFAULT_BODY_TIMEOUT_MS,
    signal,
  };
}

/**
 * Works for as long as somebody waits for the answer.
 * @throws PillionError `caller_gone` or `answer_timeout`, or what it was given up for, whatever the work does then
 */
async function withCaller(
  timeoutMs: number | undefined,
  response: ServerResponse,
  work: (signal: AbortSignal, giveUp: (reason: Error) => void) => Promise<Reply>,
): Promise<Reply> {
  const controller = new AbortController();
  const cut = deferred<never>();
  const end = (reason: Error): void => {
    controller.abort(reason);
    cut.reject(reason);
  };
  const onClose = () => end(SERVER_ERRORS.caller_gone());
  const timer =
    timeoutMs === undefined
      ? undefined
      : startTimer(timeoutMs, () => end(SERVER_ERRORS.answer_timeout({ timeoutMs })));
  response.once('close', onClose);
  try {
    return await Promise.race([work(controller.signal, end), cut.promise]);
  } finally {
    timer?.cancel();
    response.off('close', onClose);
  }
}

/** Only path and query are of interest: `//host/path` is a path here, and an absolute URL is what proxies send. */
function requestUrl(target: string): URL | undefined {
  const text = target.startsWith('/') ? `http://localhost${target}` : target;
  return URL.parse(text) ?? undefined;
}

/** For a client that is refused while it sends. */
const LINGER_MS = 2_000;

/**
 * The end of a body that nobody wants, or two seconds. A connection that is closed while something arrives is reset,
 * and the client may never see why (RFC 9112, section 9.6); one that has seen it closes the connection itself.
 */
async function untilRead(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = deferred<void>();
  const timer = startTimer(LINGER_MS, resolve, { keepsAlive: false });
  request.once('end', resolve).once('close', resolve).resume();
  await promise;
  timer.cancel();
}

/** The head of a whole answer with its length in bytes; Node leaves the body out for HEAD. */
function writeHead(response: ServerResponse, reply: Reply, mustEnd: boolean): void {
  const { status, body = '', contentType = 'text/plain; charset=utf-8' } = reply;
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...reply.headers,
    ...(mustEnd && { connection: 'close' }),
  });
}
