/** One request and the head of its answer. */

import { type Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import { deferred } from '../../deferred.ts';
import { errorMessage, type PillionError, systemErrorCode } from '../../errors.ts';
import { basicAuth } from './basic-auth.ts';
import type { Target } from './connect.ts';
import { CLIENT_ERRORS, httpFailure } from './failure.ts';
import type { Hop } from './redirect.ts';

const HAVE_A_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
/** Servers send one or two (100, 103); an endless row of them would keep us busy for the whole time limit. */
const MAX_INTERIM_ANSWERS = 20;

/** A connection of its own, or one that is kept for further calls. */
export type Connection = { readonly socket: Socket } | { readonly agent: Agent };

/** What an agent hands on to the function that opens its connections. */
export interface TargetedOptions extends RequestOptions {
  readonly target: Target;
}

/** Also what Node would add itself, so that a caller's own header of that name wins in any spelling. */
function headersOf(hop: Hop, { proxy, settings }: Target, keeps: boolean): Record<string, string> {
  const given = new Set(Object.keys(hop.headers).map((name) => name.toLowerCase()));
  const headers: Record<string, string> = {};
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !given.has(name.toLowerCase())) {
      headers[name] = value;
    }
  };
  const length = hop.body === undefined ? 0 : Buffer.byteLength(hop.body);
  add('Host', hop.url.host);
  add('User-Agent', settings.userAgent ?? 'pillion');
  add('Authorization', basicAuth(hop.url));
  add('Content-Length', length > 0 || HAVE_A_BODY.has(hop.method) ? String(length) : undefined);
  add('Connection', keeps ? 'keep-alive' : 'close');
  // A tunnel's proxy knows it already, and the server behind it must not learn it.
  add('Proxy-Authorization', proxy && hop.url.protocol === 'http:' ? basicAuth(proxy) : undefined);
  return { ...headers, ...hop.headers };
}

/** What broke off while an answer was expected, as an error that names the server. */
export function answerFailure(url: URL, error: unknown): PillionError {
  if (CLIENT_ERRORS.http_failed.matches(error)) {
    return error;
  }
  if (systemErrorCode(error) === 'HPE_HEADER_OVERFLOW') {
    const why = 'the headers of the answer are too long';
    return httpFailure({ reason: 'too_long', url, why, cause: error });
  }
  const why = `no complete answer: ${errorMessage(error)}`;
  return httpFailure({ reason: 'other', url, why, cause: error });
}

function optionsOf(hop: Hop, target: Target, connection: Connection): TargetedOptions {
  const { url } = hop;
  const keeps = 'agent' in connection;
  const path = `${url.pathname}${url.search}`;
  return {
    method: hop.method,
    path: target.proxy && url.protocol === 'http:' ? `http://${url.host}${path}` : path,
    headers: headersOf(hop, target, keeps),
    target,
    ...(keeps
      ? // The agent tells its connections apart by these.
        { agent: connection.agent, host: `${url.protocol}//${url.hostname}`, port: url.port }
      : {
          createConnection: () => connection.socket,
          // Servers that Go's client understands answer with bare line feeds. One answer per connection, so leniency
          // cannot make one answer look like two.
          insecureHTTPParser: true,
        }),
  };
}

/**
 * Sends the request and waits for the head of the answer. `wasKept` tells that the connection had served before, so that
 * the server may have closed it before it saw this request.
 */
export async function exchange(
  hop: Hop,
  target: Target,
  connection: Connection,
): Promise<
  { readonly response: IncomingMessage } | { readonly lost: PillionError; readonly wasKept: boolean }
> {
  const answered = deferred<IncomingMessage>();
  let interim = 0;
  try {
    const request = httpRequest(optionsOf(hop, target, connection));
    target.scope.destroyAtEnd(request);
    const onClose = () => answered.reject(new Error('the connection was closed'));
    request.once('response', (response) => {
      // Errors are dear to make, and this one would be made for every answer.
      request.off('close', onClose);
      answered.resolve(response);
    });
    request.on('error', answered.reject).once('close', onClose);
    request.on('information', () => {
      interim += 1;
      if (interim > MAX_INTERIM_ANSWERS) {
        request.destroy(new Error('too many interim answers'));
      }
    });
    request.end(hop.body);
    try {
      return { response: await answered.promise };
    } catch (error) {
      return { lost: answerFailure(hop.url, error), wasKept: request.reusedSocket };
    }
  } catch (error) {
    // A method or a header that HTTP does not have.
    throw httpFailure({ reason: 'settings', url: hop.url, why: errorMessage(error), cause: error });
  }
}
