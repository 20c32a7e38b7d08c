/** Opens the connection for a call: direct, through a proxy, with or without TLS. */

import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { deferred } from '../../deferred.ts';
import { errorMessage } from '../../errors.ts';
import { basicAuth } from './basic-auth.ts';
import type { CallScope } from './deadline.ts';
import { connectReason, httpFailure } from './failure.ts';
import { hostOf, portOf } from './proxy.ts';
import { type SessionMemory, startTls } from './tls.ts';
import type { ClientSettings } from './types.ts';

/** Where a connection leads, and on whose behalf it is opened. */
export interface Target {
  readonly url: URL;
  readonly proxy: URL | undefined;
  /** Without the client certificate where it must not be shown. */
  readonly settings: ClientSettings;
  readonly scope: CallScope;
  /** For the whole exchange, in milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly memory?: SessionMemory | undefined;
}

/** Node gives up on each of several addresses after 250 ms, which is too short for a server on another continent. */
function attemptTimeout(timeoutMs = Number.POSITIVE_INFINITY): number {
  return Math.ceil(Math.min(2000, Math.max(250, timeoutMs / 3)));
}

async function openPlain(target: Target): Promise<Socket> {
  const { url, proxy } = target;
  const to = proxy ?? url;
  const socket = connect({
    host: hostOf(to),
    port: Number(portOf(to)),
    noDelay: true,
    autoSelectFamilyAttemptTimeout: attemptTimeout(target.timeoutMs),
  });
  adopt(target, socket);
  try {
    await ready(socket, 'connect');
  } catch (error) {
    const reason = connectReason(error);
    const via = proxy ? ` through the proxy ${proxy.origin}` : '';
    const why = `cannot connect${via}: ${errorMessage(error) || reason}`;
    throw httpFailure({ reason, url, why, cause: error });
  }
  return socket;
}

function adopt({ scope }: Target, socket: Socket): void {
  // An error that comes when the call is over already must not end the process.
  socket.on('error', () => {});
  scope.destroyAtEnd(socket);
}

/** Waits for an event of a socket that may also fail, or be destroyed because the call is over. */
async function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  const { promise, resolve, reject } = deferred<void>();
  const onClose = () => reject(new Error('the connection was closed'));
  socket.once(event, resolve).once('error', reject).once('close', onClose);
  try {
    await promise;
  } finally {
    socket.off(event, resolve).off('error', reject).off('close', onClose);
  }
}

async function secure(target: Target, plain: Socket, peer: URL): Promise<Socket> {
  const isTarget = peer === target.url;
  const trust = isTarget ? target.settings : { ...target.settings, clientCertificate: undefined };
  const socket = await startTls(plain, hostOf(peer), trust, isTarget ? target.memory : undefined);
  adopt(target, socket);
  try {
    await ready(socket, 'secureConnect');
  } catch (error) {
    // Node adds what options of its own could help; here they do not.
    const [reason] = errorMessage(error).split('; if the root CA', 1);
    const why = `cannot establish TLS with ${peer.origin}: ${reason}`;
    throw httpFailure({ reason: 'tls', url: target.url, why, cause: error });
  }
  return socket;
}

async function tunnel(target: Target, proxy: URL, toProxy: Socket): Promise<Socket> {
  const authority = `${target.url.hostname}:${portOf(target.url)}`;
  const authorization = basicAuth(proxy);
  const answered = deferred<number>();
  const request = httpRequest({
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, ...(authorization && { 'Proxy-Authorization': authorization }) },
    insecureHTTPParser: true,
    createConnection: () => toProxy,
  });
  // Nothing can have come after the head: a TLS server does not speak first.
  request.once('connect', (response) => answered.resolve(response.statusCode ?? 0));
  request.on('error', answered.reject);
  request.once('close', () => answered.reject(new Error('the proxy closed the connection')));
  request.end();
  const status = await answered.promise.catch((error: unknown) => {
    const why = `the proxy ${proxy.origin} does not answer: ${errorMessage(error)}`;
    throw httpFailure({ reason: 'other', url: target.url, why, cause: error });
  });
  if (status !== 200) {
    const why = `the proxy ${proxy.origin} refused the connection with status ${status}`;
    throw httpFailure({ reason: 'other', url: target.url, why });
  }
  return toProxy;
}

/** A connection ready for the request. */
export async function openConnection(target: Target): Promise<Socket> {
  const { url, proxy } = target;
  let socket = await openPlain(target);
  if (proxy?.protocol === 'https:') {
    socket = await secure(target, socket, proxy);
  }
  if (url.protocol === 'http:') {
    return socket;
  }
  return secure(target, proxy ? await tunnel(target, proxy, socket) : socket, url);
}
