import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Log } from '../log/log.ts';
import { createAnswer } from './answer.ts';
import { parseBind } from './bind.ts';
import { trackConnections } from './connections.ts';
import { listenError } from './errors.ts';
import type { Route } from './route.ts';
import { createRouter } from './router.ts';
import type { MakeServer, ServerCertificate } from './tls-server.ts';

export { parseBind } from './bind.ts';
export { ANY, jsonReply, type Reply, type Route, type RouteRequest, textReply } from './route.ts';
export { type HealthCheck, type SharedPaths, sharedRoutes } from './shared-paths.ts';
export type { ServerCertificate } from './tls-server.ts';

export interface HttpServerOptions {
  /** `host:port`, `:port` (all addresses) or `[::1]:port`; port 0 lets the system choose. */
  readonly bind: string;
  /** A command's own, and the `sharedRoutes`. */
  readonly routes: readonly Route[];
  /** HTTPS: `tlsServer(certificate)` of tls-server.ts, which plain HTTP need not load. */
  readonly tls?: MakeServer | undefined;
  readonly log?: Log | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** How long a client may take, in milliseconds, and how much it may send. */
export interface HttpLimits {
  /** For the request line and headers, and before that for the TLS handshake. */
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
  /** A further connection takes the place of one that waits for its client, first of the address that has most. */
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
   * Shows new connections another certificate.
   * @throws PillionError `certificate_invalid`; the old one stays then
   */
  setCertificate(certificate: ServerCertificate): Promise<void>;
  /** How many connections there are. */
  connections(): number;
  /** From now on every answer ends its connection, so that clients go elsewhere; new ones are still answered. */
  drain(): void;
  /**
   * Stops listening and closes idle connections at once; requests in progress may finish until the deadline (without
   * one: 5 s), then their connections are cut. May be called again.
   */
  close(deadline?: AbortSignal): Promise<void>;
}

/**
 * The one server of a command. Listens when the promise resolves.
 * @throws PillionError `usage` for a bad `bind`, `bind_failed` when the system refuses it, `certificate_invalid`
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { bind, log, routes } = options;
  const { host, port } = parseBind(bind);
  let isDraining = false;
  const answer = createAnswer({ router: createRouter(routes), log, isDraining: () => isDraining });
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { server, setCertificate } = createLimitedServer(limits, options.tls ?? plainServer);
  const connections = trackConnections(server, limits.maxConnections);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (connections.admits(request, response)) {
      answer(request, response).catch((error: unknown) => {
        log?.error('http request failed', error);
        response.destroy();
      });
    }
  });
  try {
    server.listen(host === undefined ? { port } : { host, port });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(bind, error);
  }
  // An error after listening (too many open files while accepting) must not end the process.
  server.on('error', (error) => log?.warn('http server', { error: error.message }));
  const drain = () => {
    isDraining = true;
  };
  return {
    ...addressOf(server),
    setCertificate,
    connections: () => connections.count(),
    drain,
    close(deadline) {
      drain();
      return connections.close(deadline);
    },
  };
}

const plainServer: MakeServer = (options) => ({
  server: createServer(options),
  setCertificate: () => Promise.reject(new Error('this server does not use TLS')),
});

function createLimitedServer(limits: HttpLimits, make: MakeServer): ReturnType<MakeServer> {
  const made = make({
    headersTimeout: limits.headersTimeoutMs,
    handshakeTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    maxHeaderSize: limits.maxHeaderBytes,
  });
  made.server.timeout = limits.idleTimeoutMs;
  return made;
}

function addressOf(server: Server): { host: string; port: number } {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw listenError(String(address), undefined);
  }
  return { host: address.address, port: address.port };
}
