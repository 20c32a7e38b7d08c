import type { Socket } from 'node:net';
import { openConnection } from './connect.ts';
import { exchange, readAnswer } from './exchange.ts';
import { httpFailure } from './failure.ts';
import { proxyFor } from './proxy.ts';
import { type Hop, isSupported, nextHop } from './redirect.ts';
import type { ClientRequest, ClientResponse } from './types.ts';

const MAX_REDIRECTS = 10;
const DEFAULT_MAX_BYTES = 1024 * 1024;

function firstHop(request: ClientRequest): Hop {
  let url: URL | undefined;
  try {
    url = new URL(request.url);
  } catch {
    // Node's error quotes the URL, and the URL may be a secret.
  }
  if (!url || !isSupported(url)) {
    const why = url ? `URLs of the kind ${url.protocol} are not supported` : 'the URL is not valid';
    const hint = 'give a URL that begins with http:// or https://';
    throw httpFailure({ reason: 'other', why, hint, retryable: false });
  }
  // A caller's Host would be sent to every host that redirects lead to.
  const headers = Object.entries(request.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'host');
  return {
    method: request.method.toUpperCase() || 'GET',
    url,
    headers: Object.fromEntries(headers),
    body: request.body,
  };
}

export interface PerformInit {
  readonly request: ClientRequest;
  readonly keep: (socket: Socket) => void;
  /** Told the URL of each hop before it is asked. */
  readonly onHop: (url: URL) => void;
}

/** Sends the request and follows its redirects, each on a connection of its own. */
export async function perform({ request, keep, onHop }: PerformInit): Promise<ClientResponse> {
  const { timeoutMs, env, userAgent = 'pillion', maxBytes = DEFAULT_MAX_BYTES } = request;
  let hop = firstHop(request);
  const initial = hop.url;
  for (let redirects = 0; ; redirects += 1) {
    const { url } = hop;
    onHop(url);
    const proxy = proxyFor(url, env);
    const socket = await openConnection({ url, proxy, env, timeoutMs, keep });
    const response = await exchange({ socket, hop, proxy, userAgent });
    const status = response.statusCode ?? 0;
    const answer = { status, location: response.headers.location };
    const next = request.followRedirects === false ? undefined : nextHop(hop, initial, answer);
    if (next === undefined) {
      const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
      const body = await readAnswer(response, url, maxBytes);
      return { status, headers: Object.fromEntries(headers), body };
    }
    if (redirects === MAX_REDIRECTS) {
      throw httpFailure({ reason: 'redirects', url, why: `more than ${MAX_REDIRECTS} redirects` });
    }
    socket.destroy();
    hop = next;
  }
}
