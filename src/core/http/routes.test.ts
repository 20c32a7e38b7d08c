/** Routes as records, asked by real clients. */
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createLog } from '../log/log.ts';
import { createSecrets } from '../log/secrets.ts';
import { waitFor } from '../testing/wait-for.ts';
import { createRouter } from './router.ts';
import { ANY, type Route, textReply } from './server.ts';
import { createGate, get, open, readAll, readSome, startServer } from './testing/server.ts';

const route = (method: string, path: string, name = `${method} ${path}`): Route => ({
  method,
  path,
  handle: () => textReply(200, name),
});

describe('a route', () => {
  it('is chosen by exact path, then by the longest prefix, whatever the order of the records', async () => {
    const records = [
      route(ANY, '/*'),
      route('GET', '/a'),
      route('GET', '/a/*'),
      route('GET', '/a/b/*'),
      route('POST', '/a/b/c'),
    ];
    for (const routes of [records, records.toReversed()]) {
      const server = await startServer({ routes });
      const answers = ['/', '/x', '/a', '/a/', '/ab', '/a/b', '/a/b/x/y', '//a'].map(async (path) => {
        return (await (await get(server, path)).text()).trim();
      });
      expect(await Promise.all(answers)).toEqual([
        '* /*',
        '* /*',
        'GET /a',
        'GET /a/*',
        '* /*',
        'GET /a/b/*',
        'GET /a/b/*',
        '* /*',
      ]);
    }
  });

  it('is one of its method: others get 405 with what is allowed, also where there is a fallback', async () => {
    const server = await startServer({
      routes: [route('GET', '/x'), route('POST', '/x'), route('PUT', '/y'), route(ANY, '/*')],
    });
    const refused = await get(server, '/x', { method: 'DELETE' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect((await get(server, '/y')).headers.get('allow')).toBe('PUT');
    expect(await (await get(server, '/x', { method: 'POST' })).text()).toBe('POST /x\n');
    expect(await (await get(server, '/z', { method: 'DELETE' })).text()).toBe('* /*\n');
  });

  it('of GET answers HEAD, with the same headers and no body', async () => {
    const server = await startServer({ routes: [route('GET', '/x', 'four')] });
    const response = await get(server, '/x', { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('5');
    expect(await response.text()).toBe('');
  });

  it('that is not there is 404', async () => {
    expect((await get(await startServer(), '/nothing')).status).toBe(404);
  });

  it('exists once', () => {
    expect(() => createRouter([route('GET', '/x'), route('GET', '/x')])).toThrow('GET /x');
  });

  it('sees method, path, query, headers and address', async () => {
    const handle: Route['handle'] = ({ method, path, query, headers, remoteAddress }) =>
      textReply(200, JSON.stringify([method, path, query.get('q'), headers['x-a'], remoteAddress]));
    const server = await startServer({ routes: [{ method: ANY, path: '/a/*', handle }] });
    const answer = await get(server, '/a/%2e/b?q=1&r', { headers: { 'X-A': 'b' } });
    expect(await answer.json()).toEqual(['GET', '/a/b', '1', 'b', '127.0.0.1']);
  });

  it('may answer with headers, another type and bytes', async () => {
    const reply = { status: 201, headers: { 'x-b': 'c' }, contentType: 'image/png', body: Buffer.of(1, 255) };
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle: () => reply }] });
    const answer = await get(server, '/');
    expect([answer.status, answer.headers.get('x-b'), answer.headers.get('content-type')]).toEqual([
      201,
      'c',
      'image/png',
    ]);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.of(1, 255));
  });

  it('that throws gives a 500 without detail and a log line, and the server lives on', async () => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const log = createLog({ verbosity: 0, secrets: createSecrets(), write });
    const handle = () => {
      throw new Error('database password wrong');
    };
    const server = await startServer({ routes: [{ method: 'GET', path: '/hook', handle }], log });
    const response = await get(server, '/hook?token=abc');
    expect([response.status, await response.text()]).toEqual([500, 'internal error\n']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'http request failed',
      error: 'database password wrong',
      path: '/hook',
    });
    expect((await get(server, '/hook')).status).toBe(500);
  });
});

describe('the body of a request', () => {
  const bodies: Buffer[] = [];

  function startReader(more: Partial<Route> = {}) {
    const handle: Route['handle'] = async ({ readBody }) => {
      const body = await readBody();
      bodies.push(body);
      return textReply(200, body.toString());
    };
    const routes = [{ method: 'POST', path: '/', maxBodyBytes: 10, handle, ...more }];
    return startServer({ routes });
  }

  it('comes as the bytes that were sent, also when there are none, and leaves the connection open', async () => {
    const server = await startReader();
    const socket = await open(server, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n');
    socket.write(Buffer.of(0, 255, 10));
    expect(await readSome(socket)).toContain('200 OK');
    expect(bodies).toEqual([Buffer.of(0, 255, 10)]);
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n');
    expect(await readSome(socket)).toMatch(/200 OK[^]*keep-alive[^]*ab\n$/i);
    expect(await (await get(server, '/', { method: 'POST' })).text()).toBe('');
  });

  it('is refused when it is announced too large, or grows too large, or is not wanted at all', async () => {
    const server = await startReader();
    expect((await get(server, '/', { method: 'POST', body: '01234567890' })).status).toBe(413);
    const chunked = await open(server, 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
    chunked.write('6\r\n012345\r\n6\r\n012345\r\n');
    expect(await readAll(chunked)).toContain('413 Payload Too Large');
    const none = await startReader({ maxBodyBytes: 0 });
    expect((await get(none, '/', { method: 'POST', body: 'x' })).status).toBe(413);
  });

  it('may be as large as allowed: 8 MiB', async () => {
    const handle: Route['handle'] = async ({ readBody }) => textReply(200, String((await readBody()).length));
    const size = 8 * 1024 * 1024;
    const server = await startServer({
      routes: [{ method: 'POST', path: '/', maxBodyBytes: size, handle }],
    });
    const answer = await get(server, '/', { method: 'POST', body: Buffer.alloc(size, 'x') });
    expect(await answer.text()).toBe(`${size}\n`);
  });

  it('can be taken piece by piece, whole, and what was taken is given back', async () => {
    const pieces: Buffer[] = [];
    let text = '';
    const server = await startServer({
      routes: [
        {
          method: 'POST',
          path: '/hook',
          maxBodyBytes: 1_000_000,
          async handle({ takeBody }) {
            await takeBody((piece) => {
              text += piece.toString();
              pieces.push(piece);
            });
            return textReply(200, String(text.length));
          },
        },
      ],
    });
    const body = 'abcdefgh'.repeat(100_000);
    const answer = await get(server, '/hook', { method: 'POST', body });
    expect([await answer.text(), text === body]).toEqual(['800000\n', true]);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.map(({ length }) => length)).toEqual(pieces.map(() => 0));
    const large = get(server, '/hook', { method: 'POST', body: 'x'.repeat(1_000_001) });
    expect((await large).status).toBe(413);
  });

  it('is not waited for any longer than its time', async () => {
    const server = await startReader({ bodyTimeoutMs: 50 });
    const socket = await open(server, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n01');
    expect(await readAll(socket)).toContain('408 Request Timeout');
  });

  it('that never comes to its end, because the client goes away, harms nobody', async () => {
    const ended = Promise.withResolvers<unknown>();
    const handle: Route['handle'] = async ({ readBody }) => {
      await readBody().catch((error: unknown) => ended.resolve(error));
      return textReply(200, '');
    };
    const server = await startReader({ handle });
    const request = httpRequest({ port: server.port, host: '127.0.0.1', method: 'POST' });
    request.on('error', () => {});
    request.setHeader('content-length', 5);
    request.write('01', () => request.destroy());
    expect(await ended.promise).toMatchObject({ code: expect.stringMatching(/body_incomplete|caller_gone/) });
    expect((await get(server, '/livez')).status).toBe(200);
  });
});

describe('the wait for an answer', () => {
  it('ends for the handler when the caller goes away', async () => {
    const gate = createGate();
    let reason: unknown;
    const handle: Route['handle'] = async ({ signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      await gate.wait();
      return textReply(200, 'nobody reads this');
    };
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle }] });
    const socket = await open(server, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await gate.arrived;
    socket.destroy();
    await waitFor(() => reason !== undefined, { what: 'the handler to be told' });
    expect(reason).toMatchObject({ code: 'caller_gone' });
    gate.open();
    expect((await get(server, '/livez')).status).toBe(200);
  });

  it('ends after the time of the route with 503, whatever the handler does', async () => {
    const signals: AbortSignal[] = [];
    const handle: Route['handle'] = ({ signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle, timeoutMs: 20 }] });
    expect((await get(server, '/')).status).toBe(503);
    expect(signals[0]?.reason).toMatchObject({ code: 'answer_timeout' });
  });

  it('ends after the time that its query gives it', async () => {
    const handle: Route['handle'] = ({ query }) =>
      query.has('slow') ? new Promise(() => {}) : textReply(200, 'x');
    const timeoutMs = (query: URLSearchParams) => Number(query.get('ms') ?? 10_000);
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle, timeoutMs }] });
    expect((await get(server, '/?slow&ms=20')).status).toBe(503);
    expect((await get(server, '/?ms=0')).status).toBe(200);
  });

  it('leaves the signal alone when the answer was sent', async () => {
    const signals: AbortSignal[] = [];
    const handle: Route['handle'] = ({ signal }) => {
      signals.push(signal);
      return textReply(200, 'x');
    };
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle, timeoutMs: 10_000 }] });
    await (await get(server, '/')).text();
    await server.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it('is not shared by more than the cap: further ones are told at once to ask again', async () => {
    const gate = createGate();
    const handle = async () => {
      await gate.wait();
      return textReply(200, 'done');
    };
    const server = await startServer({
      routes: [{ method: 'POST', path: '/', handle, maxInFlight: 2 }, route('GET', '/other')],
    });
    const ask = () => get(server, '/', { method: 'POST' });
    const first = [ask(), ask()];
    await gate.arrived;
    await waitFor(async () => (await ask()).status === 503, { what: 'the cap to be reached' });
    const refused = await ask();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await get(server, '/other')).status).toBe(200);
    gate.open();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await ask()).status).toBe(200);
  });

  it('counts against the cap until the handler is done, even when its caller has gone', async () => {
    const gate = createGate();
    const handle = async () => {
      await gate.wait();
      return textReply(200, 'done');
    };
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle, maxInFlight: 1 }] });
    const socket = await open(server, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await gate.arrived;
    socket.destroy();
    expect((await get(server, '/')).status).toBe(503);
    gate.open();
    await waitFor(async () => (await get(server, '/')).status === 200, { what: 'the share to be free' });
  });
});

describe('draining', () => {
  it('answers on, and every answer ends its connection', async () => {
    const server = await startServer();
    const socket = await open(server, 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readSome(socket)).toContain('keep-alive');
    server.drain();
    socket.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readAll(socket)).toMatch(/200 OK[^]*connection: close/i);
    expect((await get(server, '/livez')).headers.get('connection')).toBe('close');
  });
});

describe('a client that is refused while it sends', () => {
  it('learns why, and not only that its connection was reset', async () => {
    const server = await startServer({
      routes: [
        {
          method: 'POST',
          path: '/',
          handle: async ({ readBody }) => textReply(200, String(await readBody())),
        },
      ],
    });
    const socket = await open(server, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 300000\r\n\r\nx');
    const other = await open(server, 'GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    // What came first was answered first.
    expect(await readAll(other)).toContain('200 OK');
    const write = () =>
      new Promise((resolve) => {
        socket.write(Buffer.alloc(100_000), resolve);
      });
    // A client that writes to a connection that was reset reads nothing more.
    await write();
    await write();
    await write();
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 /);
  });
});
