import { EventEmitter, once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { PillionError } from '../errors.ts';
import { createLog } from '../log/log.ts';
import { createSecrets } from '../log/secrets.ts';
import type { Handler, HttpServer, HttpServerOptions } from './server.ts';
import { readBody, sendText, startHttpServer } from './server.ts';

const servers: HttpServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
  await Promise.all(servers.splice(0).map((server) => server.close(AbortSignal.abort())));
});

async function start(options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const ok = () => ({ ok: true });
  const server = await startHttpServer({ bind: '127.0.0.1:0', live: ok, ready: ok, ...options });
  servers.push(server);
  return server;
}

function get(server: HttpServer, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

/** A raw connection, for what no well-behaved client does. */
async function open(server: HttpServer, text = ''): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(socket, 'close');
  return text;
}

describe('the shared paths', () => {
  it('answer 200 when healthy and 503 with the reason when not', async () => {
    let ready = false;
    const server = await start({
      ready: () => (ready ? { ok: true } : { ok: false, reason: 'no data yet' }),
    });
    const before = await get(server, '/readyz');
    expect([before.status, await before.text()]).toEqual([503, 'no data yet\n']);
    expect((await get(server, '/livez')).status).toBe(200);
    ready = true;
    const after = await get(server, '/readyz?verbose');
    expect([after.status, await after.text()]).toEqual([200, 'ok\n']);
    expect(after.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  it('serve metrics with their content type and a length in bytes', async () => {
    const metrics = () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', body: 'ä 1\n' });
    const response = await get(await start({ metrics }), '/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(response.headers.get('content-length')).toBe('5');
    expect(await response.text()).toBe('ä 1\n');
  });

  it('serve the status as JSON without secrets', async () => {
    const secrets = createSecrets();
    secrets.add('s3cr"t');
    const status = () => ({ lastError: 'bad s3cr"t', at: new Date(0) });
    const server = await start({ status, redact: (text) => secrets.redact(text) });
    const response = await get(server, '/status');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({ lastError: 'bad REDACTED', at: '1970-01-01T00:00:00.000Z' });
  });

  it('do not exist when the command has no metrics or status', async () => {
    const server = await start();
    expect((await get(server, '/metrics')).status).toBe(404);
    expect((await get(server, '/status')).status).toBe(404);
  });

  it('answer HEAD with the same headers and no body', async () => {
    const server = await start();
    const response = await get(server, '/livez', { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('3');
    expect(await response.text()).toBe('');
  });

  it('refuse other methods without reading the body', async () => {
    const response = await get(await start(), '/livez', { method: 'POST', body: 'x'.repeat(100_000) });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(response.headers.get('connection')).toBe('close');
  });
});

describe("a command's own paths", () => {
  it('come before the shared paths, and the fallback after them', async () => {
    const server = await start({
      handle: (_request, response, url) => {
        if (url.pathname !== '/livez') {
          return false;
        }
        sendText(response, 418, 'mine');
        return true;
      },
      fallback: async (request, response, url) => {
        await delay(1);
        sendText(response, 200, `${request.method} ${url.pathname}`);
        return true;
      },
    });
    expect((await get(server, '/livez')).status).toBe(418);
    expect((await get(server, '/readyz')).status).toBe(200);
    expect(await (await get(server, '//x/y?q', { method: 'DELETE' })).text()).toBe('DELETE //x/y\n');
  });

  it('give a 500 without detail and a log line when they throw, and the server lives on', async () => {
    const lines: string[] = [];
    const log = createLog({
      verbosity: 0,
      secrets: createSecrets(),
      write: (line) => lines.push(line),
    });
    const handle = (): never => {
      throw new Error('database password wrong');
    };
    const server = await start({ handle, log });
    const response = await get(server, '/hook?token=abc');
    expect([response.status, await response.text()]).toEqual([500, 'internal error\n']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'http request failed',
      error: 'database password wrong',
      path: '/hook',
    });
    expect((await get(server, '/hook')).status).toBe(500);
  });

  it('cut the connection when they throw in the middle of an answer', async () => {
    const server = await start({
      handle: (_request, response) => {
        response.write('half');
        throw new Error('no more');
      },
    });
    await expect(get(server, '/').then((response) => response.text())).rejects.toThrow();
    expect(await isAlive(server)).toBe(true);
  });
});

async function isAlive(server: HttpServer): Promise<boolean> {
  const socket = await open(server, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(socket, 'data');
  return true;
}

describe('a hostile client', () => {
  it('is cut off when it sends its headers slowly', async () => {
    const server = await start({
      limits: { headersTimeoutMs: 100, requestTimeoutMs: 100, checkIntervalMs: 20 },
    });
    const socket = await open(server, 'GET /livez HTTP/1.1\r\nhost: a\r\nx');
    expect(await readAll(socket)).toContain('408 Request Timeout');
  });

  it('is cut off when it connects and says nothing more after its request', async () => {
    const server = await start({ limits: { keepAliveTimeoutMs: 50 } });
    const socket = await open(server, 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readAll(socket)).toContain('200 OK');
  });

  it('is cut off when it asks and does not read the answer', async () => {
    const body = 'x'.repeat(50_000_000);
    const asked = new EventEmitter();
    const handle: Handler = (request, response) => {
      request.socket.once('close', () => asked.emit('cut'));
      sendText(response, 200, body);
      return true;
    };
    const server = await start({ handle, limits: { idleTimeoutMs: 100 } });
    const cut = once(asked, 'cut');
    const socket = await open(server);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await cut;
    const text = readAll(socket);
    socket.resume();
    expect((await text).length).toBeLessThan(body.length);
  });

  it('gets 431 for headers that are too large', async () => {
    const server = await start();
    const socket = await open(server, `GET /livez HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(await readAll(socket)).toContain('431 ');
  });

  it('gets 400 for what is not HTTP or not a URL', async () => {
    const server = await start();
    expect(await readAll(await open(server, 'hello\r\n\r\n'))).toContain('400 Bad Request');
    const star = await open(server, 'GET * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    expect(await readAll(star)).toContain('400 Bad Request');
  });

  it('finds the path of an absolute URL', async () => {
    const server = await start();
    const text = 'GET http://other/livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
    expect(await readAll(await open(server, text))).toContain('200 OK');
  });
});

describe('close', () => {
  it('ends idle connections at once', async () => {
    const server = await start();
    const silent = await open(server);
    const kept = await open(server, 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(kept, 'data');
    const started = performance.now();
    const ends = [readAll(silent), readAll(kept)];
    await server.close();
    await Promise.all(ends);
    expect(performance.now() - started).toBeLessThan(2000);
    await expect(get(server, '/livez')).rejects.toThrow();
  });

  it('lets a request in progress finish and then ends its connection', async () => {
    const gate = new EventEmitter();
    const arrived = once(gate, 'arrived');
    const server = await start({
      handle: async (_request, response) => {
        gate.emit('arrived');
        await once(gate, 'answer');
        sendText(response, 200, 'done');
        return true;
      },
    });
    const text = readAll(await open(server, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    await arrived;
    const closed = server.close(new AbortController().signal);
    await delay(20);
    gate.emit('answer');
    await closed;
    expect(await text).toContain('done');
  });

  it('cuts a request in progress at the deadline', async () => {
    const gate = new EventEmitter();
    const arrived = once(gate, 'arrived');
    const handle = (): Promise<boolean> => {
      gate.emit('arrived');
      return new Promise(() => {});
    };
    const server = await start({ handle });
    const text = readAll(await open(server, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    await arrived;
    await Promise.all([server.close(AbortSignal.timeout(50)), server.close()]);
    expect(await text).toBe('');
    await server.close();
  });
});

describe('startHttpServer', () => {
  it('says that the port is taken and what to try', async () => {
    const first = await start();
    const failure = start({ bind: `127.0.0.1:${first.port}` });
    await expect(failure).rejects.toMatchObject({
      code: 'bind_failed',
      message: `cannot listen on 127.0.0.1:${first.port} (EADDRINUSE)`,
      hint: expect.stringContaining('choose another port'),
    });
  });

  it('refuses a bad address as a usage error', async () => {
    await expect(start({ bind: '8080' })).rejects.toMatchObject({ code: 'usage', exitCode: 2 });
  });

  it('listens on all addresses and on IPv6', async () => {
    const all = await start({ bind: ':0' });
    expect((await get(all, '/livez')).status).toBe(200);
    const six = await start({ bind: '[::1]:0' }).catch((error: unknown) => error);
    if (six instanceof PillionError) {
      expect(six.facts['systemCode']).toBe('EADDRNOTAVAIL');
      return;
    }
    const { host, port } = six as HttpServer;
    expect(host).toBe('::1');
    expect((await fetch(`http://[::1]:${port}/livez`)).status).toBe(200);
  });
});

describe('readBody', () => {
  async function startReader(limits: { maxBytes?: number; timeoutMs?: number; signal?: AbortSignal } = {}) {
    return start({
      handle: async (request, response) => {
        const body = await readBody(request, { maxBytes: 10, timeoutMs: 5000, ...limits });
        sendText(response, 200, body.toString());
        return true;
      },
    });
  }

  it('gives the whole body, also an empty one', async () => {
    const server = await startReader();
    expect(await (await get(server, '/', { method: 'POST', body: '0123456789' })).text()).toBe(
      '0123456789\n',
    );
    expect(await (await get(server, '/', { method: 'POST' })).text()).toBe('');
  });

  it('refuses a body that is announced too large, or grows too large', async () => {
    const server = await startReader();
    expect((await get(server, '/', { method: 'POST', body: '01234567890' })).status).toBe(413);
    const chunked = await open(server, 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
    chunked.write('6\r\n012345\r\n6\r\n012345\r\n');
    expect(await readAll(chunked)).toContain('413 Payload Too Large');
  });

  it('does not wait longer than its timeout', async () => {
    const server = await startReader({ timeoutMs: 50 });
    const socket = await open(server, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n01');
    expect(await readAll(socket)).toContain('408 Request Timeout');
  });

  it('ends when its signal is aborted, before or while reading', async () => {
    const before = await startReader({ signal: AbortSignal.abort(new Error('stop')) });
    expect((await get(before, '/', { method: 'POST', body: '01' })).status).toBe(500);
    const stop = new AbortController();
    const server = await startReader({ signal: stop.signal });
    const socket = await open(server, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n01');
    const text = readAll(socket);
    await delay(50);
    stop.abort();
    expect(await text).toContain('500 Internal Server Error');
  });

  it('survives a client that goes away in the middle', async () => {
    const server = await startReader();
    const request = httpRequest({ port: server.port, host: '127.0.0.1', method: 'POST' });
    request.on('error', () => {});
    request.setHeader('content-length', 5);
    request.write('01');
    await delay(50);
    request.destroy();
    expect((await get(server, '/livez', { method: 'POST' })).status).toBe(200);
  });
});
