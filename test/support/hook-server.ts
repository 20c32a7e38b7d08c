import http, { type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOnLoopback } from './listen.ts';

export interface HookRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** performance.now() when it had come in whole: for tests of retry times. */
  readonly at: number;
}

export interface HookAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds before the answer. */
  readonly delayMs?: number;
  /** never: holds the connection. after-headers: sends the headers and never the body. */
  readonly hang?: 'never' | 'after-headers';
}

export interface HookServer {
  /** URL without path. */
  readonly url: string;
  readonly port: number;
  readonly requests: HookRequest[];
  /** Answers for the next requests, one each; the last one stays for all that follow. */
  script(...answers: readonly HookAnswer[]): void;
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** A web server that plays webhook target, askpass source or token endpoint and remembers all it was asked. */
export async function startHookServer(...answers: readonly HookAnswer[]): Promise<HookServer> {
  let queue: HookAnswer[] = [...answers];
  const requests: HookRequest[] = [];
  const server = http.createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const { method = '', url = '', headers } = request;
      requests.push({ method, path: url, headers, body, at: performance.now() });
      const answer = (queue.length > 1 ? queue.shift() : queue[0]) ?? {};
      await delay(answer.delayMs ?? 0);
      if (answer.hang !== 'never') {
        response.writeHead(answer.status ?? 200, answer.headers);
        response.flushHeaders();
        if (answer.hang === undefined) {
          response.end(answer.body ?? '');
        }
      }
    })().catch(() => response.destroy());
  });
  const listening = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${listening.port}`,
    port: listening.port,
    requests,
    script(...next) {
      queue = [...next];
    },
    down: async () => listening.down(),
    up: async () => listening.up(),
    stop: async () => listening.down(),
  };
}

export interface RawServer {
  readonly url: string;
  readonly port: number;
  /** The head of each request, as text. */
  readonly requests: string[];
  stop(): Promise<void>;
}

/**
 * Sends exactly these bytes after the head of any request and closes. The answer of git-sync's own test server is
 * `HTTP/1.1 200 OK\n\nusername=u\npassword=p\n`: bare line feeds, no length.
 */
export async function startRawServer(answer: string | Uint8Array): Promise<RawServer> {
  const requests: string[] = [];
  const server = createServer((socket) => {
    let head = '';
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (/\r?\n\r?\n/.test(head)) {
        requests.push(head);
        head = '';
        socket.end(answer);
      }
    });
  });
  const listening = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${listening.port}`,
    port: listening.port,
    requests,
    stop: async () => listening.down(),
  };
}

/** The askpass answer of git-sync's own end-to-end tests: bare line feeds and no Content-Length. */
export function bareLineFeedAskpass(username: string, password: string): string {
  return `HTTP/1.1 200 OK\n\nusername=${username}\npassword=${password}\n`;
}
