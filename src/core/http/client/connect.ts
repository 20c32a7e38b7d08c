/** Opens the connection for one request: direct, through a proxy, with or without TLS. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { errorMessage } from '../../errors.ts';
import { secureContext } from './certificates.ts';
import { connectReason, httpFailure } from './failure.ts';
import { hostOf, portOf } from './proxy.ts';
import type { Environment } from './types.ts';

export interface Route {
  readonly url: URL;
  readonly proxy: URL | undefined;
  readonly env: Environment;
  /** For the whole exchange, in milliseconds. */
  readonly timeoutMs: number;
  /** Takes charge of a socket: it is destroyed when the exchange is over, or now if that was already so. */
  readonly keep: (socket: Socket) => void;
}

/** Percent-decoded user info as an Authorization value. A stray `%` stands for itself. */
export function basicAuth(url: URL): string | undefined {
  if (url.username === '' && url.password === '') {
    return undefined;
  }
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return `Basic ${Buffer.from(`${decode(url.username)}:${decode(url.password)}`).toString('base64')}`;
}

/** Node gives up on each of several addresses after 250 ms, which is too short for a server on another continent. */
function attemptTimeout(timeoutMs: number): number {
  return Math.ceil(Math.min(2000, Math.max(250, timeoutMs / 3)));
}

async function openPlain(route: Route): Promise<Socket> {
  const { url, proxy, keep } = route;
  const to = proxy ?? url;
  const socket = connect({
    host: hostOf(to),
    port: Number(portOf(to)),
    autoSelectFamilyAttemptTimeout: attemptTimeout(route.timeoutMs),
  });
  keep(socket);
  try {
    await once(socket, 'connect');
  } catch (error) {
    const reason = connectReason(error);
    const via = proxy ? ` through the proxy ${proxy.origin}` : '';
    const why = `cannot connect${via}: ${errorMessage(error) || reason}`;
    throw httpFailure({ reason, url, why, cause: error });
  }
  return socket;
}

async function secure(route: Route, plain: Socket, peer: URL): Promise<Socket> {
  const tls = await import('node:tls');
  const host = hostOf(peer);
  const socket = tls.connect({
    socket: plain,
    host,
    // An address is no server name (RFC 6066); the certificate is then checked against `host`.
    servername: isIP(host) === 0 ? host : '',
    secureContext: await secureContext(route.env),
    ALPNProtocols: ['http/1.1'],
    // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED in a pod's environment does not switch it off.
    rejectUnauthorized: true,
  });
  route.keep(socket);
  try {
    await once(socket, 'secureConnect');
  } catch (error) {
    const why = `cannot establish TLS with ${peer.origin}: ${errorMessage(error)}`;
    throw httpFailure({ reason: 'tls', url: route.url, why, cause: error });
  }
  return socket;
}

async function tunnel(route: Route, proxy: URL, toProxy: Socket): Promise<Socket> {
  const target = `${route.url.hostname}:${portOf(route.url)}`;
  const authorization = basicAuth(proxy);
  const status = await new Promise<number>((resolve, reject) => {
    const request = httpRequest({
      method: 'CONNECT',
      path: target,
      headers: { Host: target, ...(authorization && { 'Proxy-Authorization': authorization }) },
      insecureHTTPParser: true,
      createConnection: () => toProxy,
    });
    // Nothing can have come after the head: a TLS server does not speak first.
    request.once('connect', (response) => resolve(response.statusCode ?? 0));
    request.on('error', reject);
    request.once('close', () => reject(new Error('the proxy closed the connection')));
    request.end();
  }).catch((error: unknown) => {
    const why = `the proxy ${proxy.origin} does not answer: ${errorMessage(error)}`;
    throw httpFailure({ reason: 'other', url: route.url, why, cause: error });
  });
  if (status !== 200) {
    const why = `the proxy ${proxy.origin} refused the connection with status ${status}`;
    throw httpFailure({ reason: 'other', url: route.url, why });
  }
  return toProxy;
}

/** A connection ready for the request. */
export async function openConnection(route: Route): Promise<Socket> {
  const { url, proxy } = route;
  let socket = await openPlain(route);
  if (proxy?.protocol === 'https:') {
    socket = await secure(route, socket, proxy);
  }
  if (url.protocol === 'http:') {
    return socket;
  }
  return secure(route, proxy ? await tunnel(route, proxy, socket) : socket, url);
}
