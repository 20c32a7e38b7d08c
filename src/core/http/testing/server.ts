/** A server of ours for one test, and clients that do what no well-behaved one does. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type HttpServer,
  type HttpServerOptions,
  type Route,
  sharedRoutes,
  startHttpServer,
} from '../server.ts';

export interface TestServerOptions extends Partial<Omit<HttpServerOptions, 'routes'>> {
  readonly routes?: readonly Route[];
}

/** With `/livez` and `/readyz`, and the routes of the test. */
export async function startServer({ routes = [], ...options }: TestServerOptions = {}): Promise<HttpServer> {
  const ok = () => ({ ok: true });
  const shared = sharedRoutes({ live: ok, ready: ok });
  const server = await startHttpServer({ bind: '127.0.0.1:0', routes: [...shared, ...routes], ...options });
  onTestFinished(() => server.close(AbortSignal.abort()));
  return server;
}

export function get(server: HttpServer, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

export interface OpenOptions {
  /** The address to come from, one of 127.0.0.0/8. */
  readonly from?: string;
}

/** A connection on which `text` was written. */
export async function open(server: HttpServer, text = '', { from }: OpenOptions = {}): Promise<Socket> {
  const socket = connect({ port: server.port, host: '127.0.0.1', ...(from && { localAddress: from }) });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

/** All that comes until the connection ends. */
export async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  if (!socket.closed) {
    // A reset is an end as well.
    await new Promise((resolve) => socket.once('close', resolve));
  }
  return text;
}

/** The first bytes of the answer on a connection. */
export async function readSome(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

/** What a handler waits for, and whether one has come this far. */
export interface Gate {
  /** Resolves when a handler has come to `wait`. */
  readonly arrived: Promise<void>;
  readonly open: () => void;
  readonly wait: () => Promise<void>;
}

export function createGate(): Gate {
  const arrived = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    arrived: arrived.promise,
    open: opened.resolve,
    wait() {
      arrived.resolve();
      return opened.promise;
    },
  };
}
