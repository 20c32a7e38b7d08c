/** One request and its answer on an open connection. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { errorMessage, type PillionError, systemErrorCode } from '../../errors.ts';
import { basicAuth } from './connect.ts';
import { httpFailure } from './failure.ts';
import type { Hop } from './redirect.ts';

const HAVE_A_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Also what Node would add itself, so that a caller's own header of that name wins in any spelling. */
function headersOf(hop: Hop, proxy: URL | undefined, userAgent: string): Record<string, string> {
  const given = new Set(Object.keys(hop.headers).map((name) => name.toLowerCase()));
  const headers: Record<string, string> = {};
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !given.has(name.toLowerCase())) {
      headers[name] = value;
    }
  };
  const length = hop.body === undefined ? 0 : Buffer.byteLength(hop.body);
  add('Host', hop.url.host);
  add('User-Agent', userAgent);
  add('Authorization', basicAuth(hop.url));
  add('Content-Length', length > 0 || HAVE_A_BODY.has(hop.method) ? String(length) : undefined);
  add('Connection', 'close');
  // Inside a tunnel the proxy was told already, and the server behind it must not learn it.
  add('Proxy-Authorization', proxy && hop.url.protocol === 'http:' ? basicAuth(proxy) : undefined);
  return { ...headers, ...hop.headers };
}

function answerFailure(url: URL, error: unknown): PillionError {
  if (systemErrorCode(error) === 'HPE_HEADER_OVERFLOW') {
    return httpFailure({
      reason: 'too_long',
      url,
      why: 'the headers of the answer are too long',
      cause: error,
    });
  }
  const why = `no complete answer: ${errorMessage(error)}`;
  return httpFailure({ reason: 'other', url, why, cause: error });
}

export interface ExchangeInit {
  readonly socket: Socket;
  readonly hop: Hop;
  readonly proxy: URL | undefined;
  readonly userAgent: string;
}

/** Sends the request and waits for the head of the answer. */
export function exchange({ socket, hop, proxy, userAgent }: ExchangeInit): Promise<IncomingMessage> {
  const { url } = hop;
  const path = `${url.pathname}${url.search}`;
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({
      method: hop.method,
      path: proxy && url.protocol === 'http:' ? `http://${url.host}${path}` : path,
      headers: headersOf(hop, proxy, userAgent),
      // Servers that Go's client understands answer with bare line feeds. One answer per connection, so leniency
      // cannot make one answer look like two.
      insecureHTTPParser: true,
      createConnection: () => socket,
    });
    request.once('response', resolve);
    request.on('error', reject);
    request.once('close', () => reject(new Error('the connection was closed')));
    request.end(hop.body);
  }).catch((error: unknown) => {
    throw answerFailure(url, error);
  });
}

/** The whole body as UTF-8. */
export async function readAnswer(response: IncomingMessage, url: URL, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) {
        break;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw answerFailure(url, error);
  }
  if (size > maxBytes) {
    throw httpFailure({ reason: 'too_long', url, why: `the answer is longer than ${maxBytes} bytes` });
  }
  return Buffer.concat(chunks).toString('utf8');
}
