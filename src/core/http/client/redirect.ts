/** Where a redirect leads, by the rules of Go's net/http client, with fewer secrets on the way. */
import { httpFailure } from './failure.ts';

/** One request of the chain that redirects make. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Whether every hop so far was the first host or one below it, and none left TLS. */
  readonly trusted: boolean;
}

const DROPS_BODY: ReadonlySet<number> = new Set([301, 302, 303]);
const KEEPS_BODY: ReadonlySet<number> = new Set([307, 308]);
const SECRETS = ['authorization', 'cookie', 'cookie2', 'proxy-authorization', 'www-authenticate'];
const BODY_HEADERS = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
];

/** Only http: and https: exist for this client. */
export function isSupported(url: URL): boolean {
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '';
}

function without(
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())));
}

/** Whether `to` is the same host or one below it; any port, as in Go. Addresses have nothing below them. */
function isSameDomain(from: URL, to: URL): boolean {
  return to.hostname === from.hostname || to.hostname.endsWith(`.${from.hostname}`);
}

function isDowngrade(from: URL, to: URL): boolean {
  return from.protocol === 'https:' && to.protocol === 'http:';
}

function target(hop: Hop, location: string): URL {
  let url: URL;
  try {
    // Node reads headers as Latin-1; a Location with other letters is UTF-8.
    url = new URL(Buffer.from(location, 'latin1').toString('utf8'), hop.url);
  } catch {
    throw httpFailure({ reason: 'redirects', url: hop.url, why: 'redirects to something that is no URL' });
  }
  if (!isSupported(url)) {
    const why = `redirects to a URL of the kind ${url.protocol}, which is not supported`;
    throw httpFailure({ reason: 'redirects', url: hop.url, why });
  }
  if (
    url.username === '' &&
    url.password === '' &&
    url.hostname === hop.url.hostname &&
    !isDowngrade(hop.url, url)
  ) {
    url.username = hop.url.username;
    url.password = hop.url.password;
  }
  return url;
}

/**
 * The next request, or undefined if the answer is the final one. `initial` is the URL the caller gave. No Referer is
 * sent (Go does): the path of a webhook URL is often its secret.
 * @throws PillionError `http_failed` with reason `redirects`
 */
export function nextHop(
  hop: Hop,
  initial: URL,
  answer: { readonly status: number; readonly location: string | undefined },
): Hop | undefined {
  const keepsBody = KEEPS_BODY.has(answer.status);
  if (!answer.location || !(keepsBody || DROPS_BODY.has(answer.status))) {
    return undefined;
  }
  const url = target(hop, answer.location);
  // What was dropped once stays dropped, because the next hop starts from these headers.
  const trusted = hop.trusted && isSameDomain(initial, url) && !isDowngrade(hop.url, url);
  const headers = trusted ? hop.headers : without(hop.headers, SECRETS);
  if (keepsBody) {
    return { ...hop, url, headers, trusted };
  }
  const method = hop.method === 'HEAD' ? 'HEAD' : 'GET';
  return { method, url, headers: without(headers, BODY_HEADERS), trusted };
}
