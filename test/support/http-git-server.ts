import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { callHttpBackend } from './git-http-backend.ts';
import { byteLimit, type Fault, throttle } from './http-faults.ts';
import { listenOnLoopback } from './listen.ts';

/** One request as it came in; `status` and `sentBytes` are filled while it is answered. */
export interface GitRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly authorization: string | undefined;
  readonly gitProtocol: string | undefined;
  /** User of an accepted basic authentication. */
  user: string | undefined;
  status: number | undefined;
  sentBytes: number;
}

export interface FaultOptions {
  /** How many requests it hits, then it is over. Default: all until `heal`. */
  readonly times?: number;
  /** Only requests it is true for, as in `(r) => r.method === 'POST'`. */
  readonly when?: (request: GitRequest) => boolean;
}

export interface HttpGitServerOptions {
  /** Directory that holds the repositories; its entries are the first part of the path. */
  readonly root: string;
  /** User name -> password. With it every request needs basic authentication; may be changed while running. */
  readonly users?: Map<string, string>;
  /** Decides instead of `users` when given: bearer tokens and the like. */
  readonly authorize?: (authorization: string | undefined) => boolean;
  readonly protocolV0Only?: boolean;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface HttpGitServer {
  /** Base URL without slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly requests: GitRequest[];
  /** URL of a repository below the root, with user information if given. */
  repositoryUrl(name: string, user?: { readonly name: string; readonly password?: string }): string;
  /** From now on requests meet this fault; the oldest matching one wins. */
  fail(fault: Fault, options?: FaultOptions): void;
  /** Ends all faults for later requests. Connections that are held stay held. */
  heal(): void;
  /** How many connections are held by a stall at this moment. */
  heldConnections(): number;
  /** To clients the server is dead: connections are refused, open ones cut. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

interface ActiveFault {
  readonly fault: Fault;
  readonly when: (request: GitRequest) => boolean;
  left: number;
}

interface State {
  readonly options: HttpGitServerOptions;
  readonly requests: GitRequest[];
  readonly held: Set<ServerResponse>;
  faults: ActiveFault[];
}

const START_OF_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\n';

/** User of valid basic authentication, undefined when there is none or it is wrong. */
function basicUser(users: Map<string, string>, authorization: string | undefined): string | undefined {
  const encoded = /^basic (.*)$/i.exec(authorization ?? '')?.[1] ?? '';
  const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return users.get(name) === rest.join(':') ? name : undefined;
}

function isAllowed(options: HttpGitServerOptions, request: GitRequest): boolean {
  if (options.authorize) {
    return options.authorize(request.authorization);
  }
  if (options.users) {
    request.user = basicUser(options.users, request.authorization);
    return request.user !== undefined;
  }
  return true;
}

function takeFault(state: State, request: GitRequest): Fault | undefined {
  const active = state.faults.find((one) => one.left > 0 && one.when(request));
  if (active) {
    active.left -= 1;
  }
  return active?.fault;
}

function hold(state: State, response: ServerResponse): void {
  state.held.add(response);
  response.once('close', () => state.held.delete(response));
}

function send(entry: GitRequest, response: ServerResponse, status: number, headers = {}, body = ''): void {
  entry.status = status;
  response.writeHead(status, headers).end(body);
}

/** Streams a body, through what the fault puts in between. */
async function sendBody(
  state: State,
  response: ServerResponse,
  body: Readable,
  fault?: Fault,
): Promise<void> {
  if (fault?.kind === 'stall' || fault?.kind === 'cut') {
    response.flushHeaders();
    const limit = byteLimit(fault.afterBytes, () => {
      if (fault.kind === 'stall') {
        hold(state, response);
      } else {
        // The bytes must be on their way before the connection ends.
        setImmediate(() => response.socket?.end());
      }
    });
    await pipeline(body, limit, response);
  } else if (fault?.kind === 'slow') {
    await pipeline(body, throttle(fault.bytesPerSecond), response);
  } else {
    await pipeline(body, response);
  }
}

/** Answers that need no git. True when the request is answered, or never will be. */
async function answerWithFault(state: State, entry: GitRequest, response: ServerResponse, fault: Fault) {
  switch (fault.kind) {
    case 'stall-in-headers':
      response.socket?.write(START_OF_ANSWER.slice(0, fault.afterBytes));
      hold(state, response);
      return true;
    case 'status':
      send(entry, response, fault.status, fault.headers, `told to answer ${fault.status}\n`);
      return true;
    case 'redirect':
      send(entry, response, fault.status ?? 302, { location: `${fault.to}${entry.path}` });
      return true;
    case 'answer': {
      entry.status = fault.status ?? 200;
      response.writeHead(entry.status, fault.headers);
      const body = typeof fault.body === 'function' ? fault.body() : [fault.body];
      await pipeline(Readable.from(body), response);
      return true;
    }
    case 'delay':
      await delay(fault.ms);
      return false;
    default:
      return false;
  }
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const entry: GitRequest = {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    authorization: request.headers.authorization,
    gitProtocol: request.headers['git-protocol']?.toString(),
    user: undefined,
    status: undefined,
    sentBytes: 0,
  };
  state.requests.push(entry);
  const { socket } = request;
  const before = socket.bytesWritten;
  response.once('close', () => {
    entry.sentBytes = socket.bytesWritten - before;
  });
  const fault = takeFault(state, entry);
  if (fault && (await answerWithFault(state, entry, response, fault))) {
    return;
  }
  if (!isAllowed(state.options, entry)) {
    send(entry, response, 401, { 'www-authenticate': 'Basic realm="git"' }, 'unauthorized\n');
    return;
  }
  const cgi = await callHttpBackend(request, {
    root: state.options.root,
    dropGitProtocol: state.options.protocolV0Only ?? false,
    remoteUser: entry.user,
  });
  response.once('close', cgi.abort);
  entry.status = cgi.status;
  response.writeHead(cgi.status, cgi.headers);
  await sendBody(state, response, cgi.body, fault);
}

/** Starts a smart HTTP git server: Node in front of git's own http-backend, on a free port of 127.0.0.1. */
export async function startHttpGitServer(options: HttpGitServerOptions): Promise<HttpGitServer> {
  const state: State = { options, requests: [], held: new Set(), faults: [] };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // The usual reason is a client that went away in the middle; the request log tells the rest.
    answer(state, request, response).catch(() => response.destroy());
  };
  const server = options.tls ? https.createServer(options.tls, listener) : http.createServer(listener);
  // No limits of Node's own: only the faults that a test asks for.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  const listening = await listenOnLoopback(server);
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${listening.port}`;
  return {
    url,
    port: listening.port,
    requests: state.requests,
    repositoryUrl(name, user) {
      const full = new URL(`${url}/${name}`);
      full.username = encodeURIComponent(user?.name ?? '');
      full.password = encodeURIComponent(user?.password ?? '');
      return full.href;
    },
    fail(fault, { times = Number.POSITIVE_INFINITY, when = () => true } = {}) {
      state.faults.push({ fault, when, left: times });
    },
    heal() {
      state.faults = [];
    },
    heldConnections: () => state.held.size,
    down: async () => listening.down(),
    up: async () => listening.up(),
    stop: async () => listening.down(),
  };
}
