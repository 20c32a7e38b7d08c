/** A proxy in front of a real HTTP server that does wrong what its rule says, request by request. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../listen.ts';

/** What happens to a request. `cut-answer` and `stall` come after so many bytes of the answer's body. */
export type Trouble =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'cut-request' }
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** One bit of the answer's body is another. */
  | { readonly kind: 'flip' };

export interface ProxiedRequest {
  readonly method: string;
  readonly url: string;
  /** Counts from 0. */
  readonly number: number;
}

export interface FaultyProxy {
  readonly port: number;
  /** How many requests got a trouble. */
  troubles(): number;
  requests(): readonly ProxiedRequest[];
  /** From now on this rule says what goes wrong; undefined for what passes. */
  setRule(rule: (request: ProxiedRequest) => Trouble | undefined): void;
  stop(): Promise<void>;
}

/** The host header stays as the client sent it, since signatures cover it: the server must not mind. */
export async function startFaultyProxy(target: { readonly port: number }): Promise<FaultyProxy> {
  let rule: (request: ProxiedRequest) => Trouble | undefined = () => undefined;
  let troubles = 0;
  const seen: ProxiedRequest[] = [];
  const server = createServer((incoming, answer) => {
    const { method = 'GET', url = '/' } = incoming;
    const described = { method, url, number: seen.length };
    seen.push(described);
    const trouble = rule(described);
    troubles += trouble === undefined ? 0 : 1;
    answer.on('error', () => {});
    if (trouble?.kind === 'status') {
      incoming.resume().once('end', () => answer.writeHead(trouble.status).end());
    } else if (trouble?.kind === 'cut-request') {
      incoming.once('data', () => incoming.socket.destroy());
      incoming.once('end', () => incoming.socket.destroy());
    } else {
      pass(target.port, incoming, answer, trouble);
    }
  });
  const listening = await listenOnLoopback(server);
  return {
    port: listening.port,
    troubles: () => troubles,
    requests: () => seen,
    setRule(next) {
      rule = next;
    },
    stop: listening.down,
  };
}

function pass(
  port: number,
  incoming: IncomingMessage,
  answer: ServerResponse,
  trouble: Trouble | undefined,
): void {
  const { method, url, headers } = incoming;
  const outgoing = request({ port, host: '127.0.0.1', method, path: url, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    let sent = 0;
    response.on('data', (chunk: Buffer) => {
      const room =
        trouble !== undefined && 'afterBytes' in trouble ? trouble.afterBytes - sent : chunk.length;
      if (room > 0) {
        answer.write(trouble?.kind === 'flip' && sent === 0 ? flipped(chunk) : chunk.subarray(0, room));
      }
      sent += chunk.length;
      if (trouble?.kind === 'cut-answer' && sent >= trouble.afterBytes) {
        incoming.socket.destroy();
      }
    });
    response.once('end', () => {
      if (trouble?.kind === 'cut-answer') {
        incoming.socket.destroy();
      } else if (trouble?.kind !== 'stall') {
        answer.end();
      }
    });
    response.on('error', () => answer.destroy());
  });
  outgoing.on('error', () => answer.destroy());
  answer.once('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function flipped(chunk: Buffer): Buffer {
  const copy = Buffer.from(chunk);
  const middle = Math.floor(copy.length / 2);
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}
