import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Log } from '../log/log.ts';
import { listenError, parseBind } from './bind.ts';
import { bodyErrorStatus } from './body.ts';
import { trackConnections } from './connections.ts';
import type { SharedPaths } from './shared-paths.ts';
import { answerSharedPath, sendText } from './shared-paths.ts';

export { parseBind } from './bind.ts';
export type { BodyLimits } from './body.ts';
export { readBody } from './body.ts';
export type { HealthCheck } from './shared-paths.ts';
export { send, sendText } from './shared-paths.ts';

/** Answers a request and returns true, or returns false without touching the response. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => boolean | Promise<boolean>;

export interface HttpServerOptions extends SharedPaths {
  /** `host:port`, `:port` (all addresses) or `[::1]:port`; port 0 lets the system choose. */
  readonly bind: string;
  /** A command's own paths, asked first. */
  readonly handle?: Handler | undefined;
  /** Asked after the shared paths, before the 404. */
  readonly fallback?: Handler | undefined;
  readonly log?: Log | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** How long a client may take, in milliseconds, and how much it may send. */
export interface HttpLimits {
  /** For the request line and headers. */
  readonly headersTimeoutMs: number;
  /** For the whole request with its body. */
  readonly requestTimeoutMs: number;
  /** For a connection without a request. */
  readonly keepAliveTimeoutMs: number;
  /** Without a byte moving in either direction, for one who asks and does not read. */
  readonly idleTimeoutMs: number;
  /** How often the two first limits are checked. */
  readonly checkIntervalMs: number;
  readonly maxHeaderBytes: number;
  /** Further connections are closed at once. */
  readonly maxConnections: number;
}

const DEFAULT_LIMITS: HttpLimits = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  checkIntervalMs: 5_000,
  maxHeaderBytes: 8 * 1024,
  maxConnections: 256,
};

export interface HttpServer {
  /** The address that is listened on: `::` or `0.0.0.0` for all. */
  readonly host: string;
  readonly port: number;
  /**
   * Stops listening and closes idle connections at once; requests in progress may finish until the deadline (without
   * one: 5 s), then their connections are cut. May be called again.
   */
  close(deadline?: AbortSignal): Promise<void>;
}

/**
 * The one server of a command: `/livez`, `/readyz`, `/metrics`, `/status` and the command's own paths. Listens when
 * the promise resolves. Throws a usage error for a bad `bind` and `bind_failed` when the system refuses it.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port } = parseBind(options.bind);
  const server = createLimitedServer({ ...DEFAULT_LIMITS, ...options.limits });
  const close = trackConnections(server);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (hasBody(request)) {
      response.setHeader('connection', 'close');
    }
    void answer(options, request, response);
  });
  try {
    server.listen(host === undefined ? { port } : { host, port });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(options.bind, error);
  }
  // An error after listening (too many open files while accepting) must not end the process.
  server.on('error', (error) => options.log?.warn('http server', { error: error.message }));
  return { ...addressOf(server), close };
}

function createLimitedServer(limits: HttpLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    maxHeaderSize: limits.maxHeaderBytes,
  });
  server.timeout = limits.idleTimeoutMs;
  server.maxConnections = limits.maxConnections;
  return server;
}

/** A body nobody reads would be taken for the next request, or be drained for as long as the client likes. */
function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'] ?? '0';
  return length !== '0' || request.headers['transfer-encoding'] !== undefined;
}

async function answer(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const url = requestUrl(request.url ?? '');
    if (url === undefined) {
      sendText(response, 400, 'bad request');
    } else if (!(await route(options, request, response, url))) {
      sendText(response, 404, 'not found');
    }
  } catch (error) {
    fail(options.log, request, response, error);
  }
}

async function route(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<boolean> {
  return (
    ((await options.handle?.(request, response, url)) ?? false) ||
    (await answerSharedPath(options, request, response, url)) ||
    ((await options.fallback?.(request, response, url)) ?? false)
  );
}

/** Only path and query are of interest: `//host/path` is a path here, and an absolute URL is what proxies send. */
function requestUrl(target: string): URL | undefined {
  const text = target.startsWith('/') ? `http://localhost${target}` : target;
  return URL.canParse(text) ? new URL(text) : undefined;
}

function fail(
  log: Log | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const status = bodyErrorStatus(error) ?? 500;
  const path = (request.url ?? '').split('?')[0];
  if (status === 500) {
    log?.error('http request failed', error, { method: request.method, path });
  } else {
    log?.at(1, 'http request refused', { method: request.method, path, status });
  }
  if (response.headersSent) {
    // Half an answer cannot be taken back: cutting the connection is how the client learns of it.
    response.destroy();
    return;
  }
  response.setHeader('connection', 'close');
  sendText(response, status, status === 500 ? 'internal error' : 'request refused');
}

function addressOf(server: Server): { host: string; port: number } {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw listenError(String(address), undefined);
  }
  return { host: address.address, port: address.port };
}
