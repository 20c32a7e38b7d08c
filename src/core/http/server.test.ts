import { describe, expect, it, onTestFinished } from 'vitest';
import { isPillionError } from '../errors.ts';
import { createSecrets } from '../log/secrets.ts';
import { type HttpServer, type SharedPaths, sharedRoutes, startHttpServer, textReply } from './server.ts';
import { createGate, get, open, readAll, readSome, startServer } from './testing/server.ts';

async function startShared(paths: Partial<SharedPaths>): Promise<HttpServer> {
  const ok = () => ({ ok: true });
  const routes = sharedRoutes({ live: ok, ready: ok, ...paths });
  const server = await startHttpServer({ bind: '127.0.0.1:0', routes });
  onTestFinished(() => server.close(AbortSignal.abort()));
  return server;
}

describe('the shared paths', () => {
  it('answer 200 when healthy and 503 with the reason when not', async () => {
    let ready = false;
    const server = await startShared({
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
    const response = await get(await startShared({ metrics }), '/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(response.headers.get('content-length')).toBe('5');
    expect(await response.text()).toBe('ä 1\n');
  });

  it('serve the status as JSON without secrets', async () => {
    const secrets = createSecrets();
    secrets.add('s3cr"t');
    const status = () => ({ lastError: 'bad s3cr"t', at: new Date(0) });
    const server = await startShared({ status, redact: (text) => secrets.redact(text) });
    const response = await get(server, '/status');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({ lastError: 'bad REDACTED', at: '1970-01-01T00:00:00.000Z' });
  });

  it('do not exist when the command has no metrics or status', async () => {
    const server = await startServer();
    expect((await get(server, '/metrics')).status).toBe(404);
    expect((await get(server, '/status')).status).toBe(404);
  });

  it('answer HEAD with the same headers and no body', async () => {
    const server = await startServer();
    const response = await get(server, '/livez', { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('3');
    expect(await response.text()).toBe('');
  });

  it('refuse other methods without reading the body', async () => {
    const response = await get(await startServer(), '/livez', { method: 'POST', body: 'x'.repeat(100_000) });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(response.headers.get('connection')).toBe('close');
  });
});

describe('close', () => {
  it('ends idle connections at once', async () => {
    const server = await startServer();
    const silent = await open(server);
    const kept = await open(server, 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n');
    await readSome(kept);
    const ends = [readAll(silent), readAll(kept)];
    await server.close(new AbortController().signal);
    await Promise.all(ends);
    await expect(get(server, '/livez')).rejects.toThrow();
  });

  it('lets a request in progress finish, tells its client, and then ends its connection', async () => {
    const gate = createGate();
    const handle = async () => {
      await gate.wait();
      return textReply(200, 'done');
    };
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle }] });
    const text = readAll(await open(server, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    await gate.arrived;
    const closed = server.close(new AbortController().signal);
    // It no longer listens, so the request above is all that holds up the end.
    await expect(get(server, '/livez')).rejects.toThrow();
    gate.open();
    await closed;
    expect(await text).toContain('done');
    expect(await text).toContain('connection: close');
  });

  it('cuts a request in progress at the deadline and tells its handler', async () => {
    const gate = createGate();
    const aborted = Promise.withResolvers<unknown>();
    const handle = async ({ signal }: { signal: AbortSignal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason));
      await gate.wait();
      return textReply(200, 'too late');
    };
    const server = await startServer({ routes: [{ method: 'GET', path: '/', handle }] });
    const text = readAll(await open(server, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    await gate.arrived;
    await Promise.all([server.close(AbortSignal.timeout(50)), server.close()]);
    expect(await text).toBe('');
    expect(await aborted.promise).toMatchObject({ code: 'caller_gone' });
    await server.close();
  });
});

describe('startHttpServer', () => {
  it('says that the port is taken and what to try', async () => {
    const first = await startServer();
    const failure = startServer({ bind: `127.0.0.1:${first.port}` });
    await expect(failure).rejects.toMatchObject({
      code: 'bind_failed',
      message: `cannot listen on 127.0.0.1:${first.port} (EADDRINUSE)`,
      hint: expect.stringContaining('choose another port'),
    });
  });

  it('refuses a bad address as a usage error', async () => {
    await expect(startServer({ bind: '8080' })).rejects.toMatchObject({ code: 'usage', exitCode: 2 });
  });

  it('listens on all addresses and on IPv6', async () => {
    const all = await startServer({ bind: ':0' });
    expect((await get(all, '/livez')).status).toBe(200);
    const six = await startServer({ bind: '[::1]:0' }).catch((error: unknown) => error);
    if (isPillionError(six)) {
      expect(six.facts['systemCode']).toBe('EADDRNOTAVAIL');
      return;
    }
    const { host, port } = six as HttpServer;
    expect(host).toBe('::1');
    expect((await fetch(`http://[::1]:${port}/livez`)).status).toBe(200);
  });
});
