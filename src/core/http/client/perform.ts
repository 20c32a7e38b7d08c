/** A call from its first request to the last answer. */
import type { Agent, IncomingMessage } from 'node:http';
import { bearerOf } from './bearer.ts';
import { openConnection, type Target } from './connect.ts';
import type { CallScope } from './deadline.ts';
import { exchange } from './exchange.ts';
import { httpFailure } from './failure.ts';
import { proxyFor } from './proxy.ts';
import { readAnswer, skipAnswer } from './read-answer.ts';
import { type Hop, isSupported, nextHop } from './redirect.ts';
import type { ClientCall, ClientResponse, ClientSettings } from './types.ts';

const MAX_REDIRECTS = 10;
const DEFAULT_MAX_BYTES = 1024 * 1024;
/** RFC 9110, section 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

export interface PerformInit {
  readonly call: ClientCall;
  readonly settings: ClientSettings;
  readonly scope: CallScope;
  /** Called with the URL of each hop before it is asked. */
  readonly onHop: (url: URL) => void;
  /** Keeps the connections of a session; without it each request has one of its own. */
  readonly agent?: Agent | undefined;
}

/** Sends the request, follows its redirects and reads the last answer. */
export async function perform(init: PerformInit): Promise<ClientResponse> {
  const { call, scope } = init;
  let hop = await firstHop(call);
  const initial = hop.url;
  for (let redirects = 0; ; redirects += 1) {
    init.onHop(hop.url);
    const response = await ask(init, hop, initial);
    const answer = { status: response.statusCode ?? 0, location: response.headers.location };
    const next = call.followRedirects === false ? undefined : nextHop(hop, initial, answer);
    if (next === undefined) {
      const whole = await readResponse(response, call, hop.url);
      scope.release();
      return whole;
    }
    response.destroy();
    if (redirects === MAX_REDIRECTS) {
      throw httpFailure({ reason: 'redirects', url: hop.url, why: `more than ${MAX_REDIRECTS} redirects` });
    }
    hop = next;
  }
}

async function firstHop(call: ClientCall): Promise<Hop> {
  let url: URL | undefined;
  try {
    url = new URL(call.url);
  } catch {
    // Node's error quotes the URL, and the URL may be a secret.
  }
  if (!url || !isSupported(url)) {
    const why = url ? `URLs of the kind ${url.protocol} are not supported` : 'the URL is not valid';
    const hint = 'give a URL that begins with http:// or https://';
    throw httpFailure({ reason: 'settings', why, hint });
  }
  // A caller's Host would be sent to every host that redirects lead to.
  const headers = Object.entries(call.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'host');
  const bearer = call.bearerFile === undefined ? {} : { Authorization: await bearerOf(call.bearerFile) };
  return {
    method: call.method.toUpperCase() || 'GET',
    url,
    headers: { ...Object.fromEntries(headers), ...bearer },
    body: call.body,
    trusted: true,
  };
}

async function ask(init: PerformInit, hop: Hop, initial: URL): Promise<IncomingMessage> {
  const { call, settings, scope, agent } = init;
  const mayProve = hop.trusted && hop.url.hostname === initial.hostname;
  const target: Target = {
    url: hop.url,
    proxy: proxyFor(hop.url, settings.env),
    settings: mayProve ? settings : { ...settings, clientCertificate: undefined },
    scope,
    timeoutMs: call.timeoutMs,
  };
  for (;;) {
    const connection = agent === undefined ? { socket: await openConnection(target) } : { agent };
    const answer = await exchange(hop, target, connection);
    if ('response' in answer) {
      return answer.response;
    }
    // A kept connection that the server closed meanwhile is not an answer: ask again on another.
    const mayRepeat = call.repeatable ?? IDEMPOTENT.has(hop.method);
    if (!answer.wasKept || !mayRepeat || call.signal.aborted) {
      throw answer.lost;
    }
  }
}

async function readResponse(
  response: IncomingMessage,
  { onData, maxBytes = DEFAULT_MAX_BYTES }: ClientCall,
  url: URL,
): Promise<ClientResponse> {
  const status = response.statusCode ?? 0;
  const isSkipped = onData !== undefined && status !== 200;
  const body = isSkipped
    ? await skipAnswer(response).then(() => '')
    : await readAnswer(response, { url, maxBytes, onData });
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
  return { status, headers: Object.fromEntries(headers), body };
}
