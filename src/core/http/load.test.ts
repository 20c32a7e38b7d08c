/** A server among many clients: idle, slow, gone, or too many. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../testing/wait-for.ts';
import { type Crowd, chooseVictim } from './crowding.ts';
import { type HttpServer, type Route, textReply } from './server.ts';
import { createGate, get, open, readAll, readSome, startServer } from './testing/server.ts';

const ASK = 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n';
const NEIGHBOUR = '127.0.0.2';

/** A probe as the kubelet makes it: a connection of its own, one request. */
async function probe(server: HttpServer): Promise<string> {
  return readAll(await open(server, ASK.replace('host: a', 'host: a\r\nconnection: close')));
}

async function expectProbesAnswered(server: HttpServer, count = 20): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    expect(await probe(server)).toContain('200 OK');
  }
}

function many(server: HttpServer, count: number, text: string, from = NEIGHBOUR): Promise<Socket[]> {
  return Promise.all(Array.from({ length: count }, () => open(server, text, { from })));
}

/** Nothing but the limit of connections ends any of them. */
const PATIENT = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, keepAliveTimeoutMs: 60_000 };

describe('probes', () => {
  it.each([
    ['idle between requests', ASK],
    ['silent from the start', ''],
    ['slow with their headers', 'GET /livez HTTP/1.1\r\nhost: a\r\nx: y'],
    ['slow with their body', 'POST /hook HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx'],
  ])('are answered despite 300 connections of a neighbour that are %s', async (_what, text) => {
    const handle: Route['handle'] = async ({ readBody }) => textReply(200, String((await readBody()).length));
    const hook = { method: 'POST', path: '/hook', maxBodyBytes: 100, bodyTimeoutMs: 60_000, handle };
    const server = await startServer({ routes: [hook], limits: PATIENT });
    await many(server, 300, text);
    await expectProbesAnswered(server);
  });

  it('are answered despite 300 connections from as many addresses', async () => {
    const server = await startServer({ limits: PATIENT });
    const addresses = Array.from(
      { length: 300 },
      (_, index) => `127.0.${1 + (index >> 7)}.${1 + (index & 127)}`,
    );
    await Promise.all(addresses.map((from) => open(server, ASK, { from })));
    await expectProbesAnswered(server);
  });

  it('are answered despite clients that ask for much and read nothing', async () => {
    const body = 'x'.repeat(1_000_000);
    const server = await startServer({
      routes: [{ method: 'GET', path: '/', handle: () => textReply(200, body) }],
      limits: { ...PATIENT, maxConnections: 20 },
    });
    for (const socket of await many(server, 25, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n')) {
      socket.pause();
    }
    await expectProbesAnswered(server);
  });

  it('are answered while a neighbour opens and drops connections without a pause', async () => {
    const server = await startServer({ limits: { ...PATIENT, maxConnections: 20 } });
    const over = new AbortController();
    const churn = async () => {
      while (!over.signal.aborted) {
        const socket = connect({ port: server.port, host: '127.0.0.1', localAddress: NEIGHBOUR });
        socket.on('error', () => {});
        await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
        socket.write('GET /');
        socket.destroy();
      }
    };
    const churning = churn();
    await expectProbesAnswered(server);
    over.abort();
    await churning;
  });
});

describe('the limit of connections', () => {
  it('spares requests that are being worked on', async () => {
    const gate = createGate();
    let working = 0;
    const handle = async () => {
      working += 1;
      await gate.wait();
      return textReply(200, 'done');
    };
    const server = await startServer({
      routes: [{ method: 'GET', path: '/', handle }],
      limits: { ...PATIENT, maxConnections: 3 },
    });
    const busy = await many(server, 3, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await waitFor(() => working === 3, { what: 'all to be worked on' });
    await waitFor(async () => (await probe(server)) === '', { what: 'a newcomer to be refused' });
    const answers = busy.map(readSome);
    gate.open();
    expect((await Promise.all(answers)).every((text) => text.includes('done'))).toBe(true);
    expect(await probe(server)).toContain('200 OK');
  });

  it('ends the one that has been idle for the longest time', async () => {
    const server = await startServer({ limits: { ...PATIENT, maxConnections: 3 } });
    const first = await open(server);
    const second = await open(server);
    const third = await open(server);
    first.write(ASK);
    await readSome(first);
    const ended = once(second, 'close');
    await open(server);
    await ended;
    expect([first.closed, third.closed]).toEqual([false, false]);
  });
});

describe('the one who has to go', () => {
  const crowd = (connection: number, address: string, isBusy = false): Crowd<number> => ({
    connection,
    address,
    isBusy,
  });

  it('has the most connections, and has been waiting for the longest time', () => {
    expect(chooseVictim([])).toBeUndefined();
    expect(chooseVictim([crowd(1, 'a'), crowd(2, 'b'), crowd(3, 'b')])).toBe(2);
    expect(chooseVictim([crowd(1, 'a'), crowd(2, 'b')])).toBe(1);
  });

  it('is not busy; one who has most and is busy leaves the place to another', () => {
    expect(chooseVictim([crowd(1, 'a'), crowd(2, 'b', true), crowd(3, 'b', true)])).toBe(1);
    expect(chooseVictim([crowd(1, 'a', true)])).toBeUndefined();
  });
});

describe('a hostile client', () => {
  it('is cut off when it sends its headers slowly', async () => {
    const limits = { headersTimeoutMs: 100, requestTimeoutMs: 100, checkIntervalMs: 20 };
    const server = await startServer({ limits });
    const socket = await open(server, 'GET /livez HTTP/1.1\r\nhost: a\r\nx');
    expect(await readAll(socket)).toContain('408 Request Timeout');
  });

  it('is cut off when it says nothing more after its request', async () => {
    const server = await startServer({ limits: { keepAliveTimeoutMs: 50 } });
    expect(await readAll(await open(server, ASK))).toContain('200 OK');
  });

  it('is cut off when it asks and does not read the answer', async () => {
    const body = 'x'.repeat(50_000_000);
    const aborted = Promise.withResolvers<void>();
    const handle: Route['handle'] = ({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve());
      return textReply(200, body);
    };
    const server = await startServer({
      routes: [{ method: 'GET', path: '/', handle }],
      limits: { idleTimeoutMs: 100 },
    });
    const socket = await open(server);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await waitFor(() => server.connections() === 0, { what: 'the connection to be cut' });
    const text = readAll(socket);
    socket.resume();
    expect((await text).length).toBeLessThan(body.length);
  });

  it('gets 431 for headers that are too large', async () => {
    const server = await startServer();
    const socket = await open(server, `GET /livez HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(await readAll(socket)).toContain('431 ');
  });

  it('gets 400 for what is not HTTP or not a URL', async () => {
    const server = await startServer();
    expect(await readAll(await open(server, 'hello\r\n\r\n'))).toContain('400 Bad Request');
    const star = await open(server, 'GET * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    expect(await readAll(star)).toContain('400 Bad Request');
  });

  it('finds the path of an absolute URL', async () => {
    const server = await startServer();
    const text = 'GET http://other/livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
    expect(await readAll(await open(server, text))).toContain('200 OK');
  });

  it('that sends thousands of requests without waiting for an answer is cut off, and few of them are worked on', async () => {
    let worked = 0;
    const handle = () => {
      worked += 1;
      return new Promise<never>(() => {});
    };
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle }] });
    const socket = await open(server, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(5000));
    expect(await readAll(socket)).toBe('');
    expect(worked).toBeLessThanOrEqual(16);
    expect((await get(server, '/livez')).status).toBe(200);
  });
});
