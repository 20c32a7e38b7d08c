/** A load of reviews over TLS connections that stay open, cheap enough to share two cores with what it measures. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';

export interface LoadOptions {
  readonly port: number;
  readonly ca: string;
  readonly connections: number;
  readonly body: string;
  /** Ends after so many requests, or so many milliseconds. */
  readonly requests?: number;
  readonly milliseconds?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
  /** Milliseconds, ascending. */
  readonly latencies: Float64Array;
}

const SERVER_NAME = 'pillion-injector.pillion.svc';

async function open({ port, ca }: LoadOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca, servername: SERVER_NAME });
  socket.setNoDelay(true);
  await once(socket, 'secureConnect');
  return socket;
}

/** One request, read to its end by its length; true for a status of 200. */
async function exchange(socket: TLSSocket, request: Buffer): Promise<boolean> {
  const chunks: Buffer[] = [];
  let size = 0;
  let whole = Number.POSITIVE_INFINITY;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    if (whole === Number.POSITIVE_INFINITY) {
      const head = Buffer.concat(chunks).toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      const length = /content-length: ([0-9]+)/i.exec(head.slice(0, end))?.[1];
      whole = end === -1 || length === undefined ? whole : end + 4 + Number(length);
    }
    if (size >= whole) {
      resolve(chunks[0]?.toString('latin1', 9, 12) === '200');
    }
  };
  socket.on('data', onData).once('close', reject);
  socket.write(request);
  try {
    return await promise;
  } finally {
    socket.off('data', onData).off('close', reject);
  }
}

const requestOf = (body: string): Buffer =>
  Buffer.from(
    `POST /mutate?timeout=10s HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

/** Each connection asks once, is idle for so long, and asks once more; returns how many answers did not come. */
export async function reuseAfterIdle(options: LoadOptions, idleMs: number): Promise<number> {
  const request = requestOf(options.body);
  const failed = await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const socket = await open(options);
      try {
        const first = await exchange(socket, request);
        await delay(idleMs);
        return [first, await exchange(socket, request)].filter((isGood) => !isGood).length;
      } catch {
        return 1;
      } finally {
        socket.destroy();
      }
    }),
  );
  return failed.reduce((sum, count) => sum + count, 0);
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const { connections, body, requests = Number.POSITIVE_INFINITY, milliseconds } = options;
  const request = requestOf(body);
  const latencies: number[] = [];
  let sent = 0;
  let failed = 0;
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(options)));
  const started = performance.now();
  const end = started + (milliseconds ?? Number.POSITIVE_INFINITY);
  await Promise.all(
    sockets.map(async (socket) => {
      while (sent < requests && performance.now() < end) {
        sent += 1;
        const begin = performance.now();
        const isGood = await exchange(socket, request).catch(() => false);
        failed += isGood ? 0 : 1;
        latencies.push(performance.now() - begin);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  sockets.forEach((socket) => socket.destroy());
  return { requests: sent, failed, seconds, latencies: Float64Array.from(latencies).sort() };
}

export function quantile(latencies: Float64Array, part: number): number {
  return latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? Number.NaN;
}
