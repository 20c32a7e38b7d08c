/** Calls that share a connection, with real servers. */
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeTempDir, removeTempDir } from '../../../../test/support/temp.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { openSession } from '../client.ts';
import { makeAuthority, type TestAuthority } from './fixtures/authority.ts';
import { listen, startOddServer, startWeb } from './fixtures/servers.ts';
import type { ClientCall, ClientSettings } from './types.ts';

let directory = '';
let authority: TestAuthority;

beforeAll(async () => {
  directory = await makeTempDir();
  authority = makeAuthority(directory);
});
afterAll(() => removeTempDir(directory));

function session(settings: Partial<ClientSettings> = {}) {
  const opened = openSession({ env: {}, ...settings });
  onTestFinished(() => opened.close());
  return (url: string, call: Partial<ClientCall> = {}) =>
    opened.send({ method: 'GET', url, signal: new AbortController().signal, timeoutMs: 15_000, ...call });
}

function failure(reason: string) {
  return expect.objectContaining({ code: 'http_failed', facts: expect.objectContaining({ reason }) });
}

/** A server that counts its connections; `open` are those that are there now. */
async function startCounting(
  answer: Parameters<typeof createServer>[1],
  tls?: { key: string; cert: string },
) {
  const open = new Set<Socket>();
  let connections = 0;
  const server = tls ? createSecureServer(tls, answer) : createServer(answer);
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const port = await listen(server);
  return { url: `http${tls ? 's' : ''}://127.0.0.1:${port}`, open, connections: () => connections };
}

describe('a session', () => {
  it('makes all its calls on one connection, redirects too', async () => {
    const server = await startCounting((request, response) => {
      const isMoved = request.url === '/moved';
      response.writeHead(isMoved ? 302 : 200, isMoved ? { location: '/here' } : {}).end(request.url);
    });
    const send = session();
    for (const path of ['/a', '/b', '/c']) {
      expect(await send(server.url + path)).toMatchObject({ status: 200, body: path });
    }
    expect(server.connections()).toBe(1);
    expect(await send(`${server.url}/moved`)).toMatchObject({ status: 200, body: '/here' });
  });

  it('asks again on a new connection when the kept one is gone', async () => {
    const server = await startCounting((_request, response) => response.end('x'));
    const send = session();
    await send(server.url);
    server.open.forEach((socket) => socket.destroy());
    expect(await send(server.url)).toMatchObject({ body: 'x' });
    expect(server.connections()).toBe(2);
  });

  it('does not make a call twice that could do harm, unless it is said to be repeatable', async () => {
    let asked = 0;
    const server = await startCounting((request, response) => {
      asked += 1;
      if (asked % 2 === 0) {
        request.socket.destroy();
      } else {
        response.end('x');
      }
    });
    const send = session();
    await send(server.url, { method: 'POST' });
    await expect(send(server.url, { method: 'POST' })).rejects.toEqual(failure('other'));
    expect(asked).toBe(2);
    await send(server.url);
    expect(await send(server.url, { method: 'POST', repeatable: true })).toMatchObject({ body: 'x' });
    expect(asked).toBe(5);
  });

  it('has no use for a connection on which a call was given up', async () => {
    const server = await startCounting((request, response) => {
      response.flushHeaders();
      if (request.url !== '/hang') {
        response.end('x');
      }
    });
    const send = session();
    await send(server.url);
    await expect(send(`${server.url}/hang`, { timeoutMs: 100 })).rejects.toEqual(failure('timeout'));
    await waitFor(() => server.open.size === 0, { what: 'the connection to end' });
    expect(await send(server.url)).toMatchObject({ body: 'x' });
  });

  it('makes calls at the same time on several connections and keeps one', async () => {
    const server = await startCounting((_request, response) => {
      setTimeout(() => response.end('x'), 20);
    });
    const send = session();
    await Promise.all([1, 2, 3].map(() => send(server.url)));
    expect(server.connections()).toBe(3);
    await waitFor(() => server.open.size === 1, { what: 'one connection to be left' });
  });

  it('resumes TLS where it was, and checks the certificate all the same', async () => {
    const tls = authority.issue('127.0.0.1');
    const reused: boolean[] = [];
    const server = await startCounting((request, response) => {
      const socket = request.socket as Socket & { isSessionReused(): boolean };
      reused.push(socket.isSessionReused());
      response.writeHead(200, { connection: 'close' }).end();
    }, tls);
    const send = session({ caFile: authority.file });
    await send(server.url);
    await send(server.url);
    expect(reused).toEqual([false, true]);
    await expect(session()(server.url)).rejects.toEqual(failure('tls'));
  });

  it('when closed ends its connections, and takes no more calls', async () => {
    const server = await startCounting((_request, response) => response.end());
    const opened = openSession({ env: {} });
    const call = { method: 'GET', url: server.url, signal: new AbortController().signal };
    await opened.send(call);
    opened.close();
    await waitFor(() => server.open.size === 0, { what: 'the connection to end' });
    await expect(opened.send(call)).rejects.toEqual(failure('aborted'));
  });
});

describe('an answer taken in pieces', () => {
  it('comes as it is sent, and within its limit', async () => {
    const web = await startWeb((_request, response) => response.end('0123456789'));
    const send = session();
    const parts: string[] = [];
    const onData = (chunk: Buffer) => void parts.push(chunk.toString());
    expect(await send(web.url, { onData })).toMatchObject({ status: 200, body: '' });
    expect(parts.join('')).toBe('0123456789');
    await expect(send(web.url, { onData, maxBytes: 9 })).rejects.toEqual(failure('too_long'));
  });

  it('ends with what the taker throws', async () => {
    const server = await startCounting((_request, response) => response.write('x'));
    const onData = () => {
      throw new Error('not for me');
    };
    await expect(session()(server.url, { onData })).rejects.toThrow('not for me');
    await waitFor(() => server.open.size === 0, { what: 'the connection to end' });
  });

  it('of another status is not read: a page of any length costs the connection and nothing else', async () => {
    const server = await startCounting((_request, response) => {
      const more = () => response.write('x'.repeat(10_000), more);
      response.writeHead(503, { 'retry-after': '7' });
      more();
    });
    const onData = () => expect.unreachable();
    expect(await session()(server.url, { onData })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '7' },
    });
    await waitFor(() => server.open.size === 0, { what: 'the connection to end' });
  });
});

describe('a hostile server', () => {
  it('cannot keep a call busy with interim answers', async () => {
    const url = await startOddServer('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10_000), 'hold');
    await expect(session()(url)).rejects.toEqual(failure('other'));
  });

  it.each([
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 1\n\nx'],
    [
      'a chunk without an end',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(100_000)}`,
    ],
  ])('that answers with %s is not understood on a kept connection', async (_what, bytes) => {
    const send = session();
    await expect(send(await startOddServer(bytes, 'hold'), { timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'http_failed',
    });
  });

  it('that sends a second answer unasked is not believed: the connection is given up', async () => {
    const once = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n';
    const url = await startOddServer(`${once}1${once}2`, 'hold');
    const send = session();
    expect((await send(url)).body).toBe('1');
    expect((await send(url)).body).toBe('1');
  });
});
