import { getEventListeners } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import { listen, startOddServer, startWeb } from './client/fixtures/servers.ts';
import { type ClientRequest, sendRequest } from './client.ts';

/** A limit no working exchange comes near, even on a busy machine. */
const AMPLE_MS = 15_000;

function send(url: string, more: Partial<ClientRequest> = {}) {
  const signal = new AbortController().signal;
  return sendRequest({ method: 'GET', url, timeoutMs: AMPLE_MS, signal, env: {}, ...more });
}

function failure(reason: string) {
  return expect.objectContaining({ code: 'http_failed', facts: expect.objectContaining({ reason }) });
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 100));

describe('a request', () => {
  it('sends method, headers and body, and hands back status, headers and body', async () => {
    const web = await startWeb((_request, response) => {
      response.writeHead(418, { 'X-Tea': 'pot', 'Set-Cookie': ['a=1', 'b=2'] }).end('grüße');
    });
    const headers = { 'Gitsync-Hash': 'abc' };
    const answer = await send(`${web.url}/p?q=1#f`, { method: 'put', body: 'ä', headers });
    expect(answer).toMatchObject({ status: 418, body: 'grüße' });
    expect(answer.headers).toMatchObject({ 'x-tea': 'pot', 'set-cookie': 'a=1,b=2' });
    expect(web.seen).toMatchObject([
      {
        method: 'PUT',
        url: '/p?q=1',
        body: 'ä',
        headers: {
          'gitsync-hash': 'abc',
          'content-length': '2',
          'user-agent': 'pillion',
          connection: 'close',
        },
      },
    ]);
  });

  it.each(['POST', 'PUT', 'PATCH'])('says Content-Length: 0 for an empty %s', async (method) => {
    const web = await startWeb((_request, response) => response.end());
    await send(web.url, { method });
    expect(web.seen[0]?.headers).toMatchObject({ 'content-length': '0' });
    expect(web.seen[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('says nothing of a body for GET, HEAD and DELETE', async () => {
    const web = await startWeb((_request, response) => response.end());
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      await send(web.url, { method });
    }
    for (const { headers } of web.seen) {
      expect(headers).not.toHaveProperty('content-length');
      expect(headers).not.toHaveProperty('transfer-encoding');
    }
  });

  it('turns user info of the URL into basic authentication, percent-decoded', async () => {
    const web = await startWeb((_request, response) => response.end());
    const sent = async (userInfo: string, headers = {}) => {
      await send(web.url.replace('//', `//${userInfo}@`), { headers });
      const value = web.seen.at(-1)?.headers.authorization ?? '';
      return value.startsWith('Basic ') ? Buffer.from(value.slice(6), 'base64').toString() : value;
    };
    expect(await sent('us%65r:p%40%C3%A4')).toBe('user:p@ä');
    expect(await sent('user')).toBe('user:');
    expect(await sent('user:100%')).toBe('user:100%');
    expect(await sent('user:pw', { authorization: 'Bearer mine' })).toBe('Bearer mine');
  });

  it('follows redirects and sends the body again where it should', async () => {
    const web = await startWeb((request, response) => {
      const location = { '/a': '/b', '/b': '/c' }[request.url ?? ''];
      response.writeHead(location ? (request.url === '/a' ? 307 : 302) : 200, location ? { location } : {});
      response.end('over');
    });
    expect(await send(`${web.url}/a`, { method: 'POST', body: 'x' })).toMatchObject({ status: 200 });
    expect(web.seen.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
      'POST /a x',
      'POST /b x',
      'GET /c ',
    ]);
    expect(web.seen.every(({ headers }) => headers.referer === undefined)).toBe(true);
  });

  it('does not read the body of a redirect', async () => {
    const web = await startWeb((request, response) => {
      if (request.url === '/a') {
        response.writeHead(302, { location: '/b' }).write('never ends');
      } else {
        response.end('b');
      }
    });
    expect((await send(`${web.url}/a`)).body).toBe('b');
  });

  it('follows ten redirects and not one more', async () => {
    const web = await startWeb(({ url = '' }, response) => {
      const left = Number(url.slice(1));
      response.writeHead(left > 0 ? 302 : 200, left > 0 ? { location: `/${left - 1}` } : {}).end();
    });
    expect((await send(`${web.url}/10`)).status).toBe(200);
    await expect(send(`${web.url}/11`)).rejects.toEqual(failure('redirects'));
  });

  it('hands back the redirect itself when told not to follow it', async () => {
    const web = await startWeb((_request, response) => response.writeHead(302, { location: '/b' }).end('go'));
    const answer = await send(web.url, { followRedirects: false });
    expect(answer).toMatchObject({ status: 302, body: 'go', headers: { location: '/b' } });
    expect(web.seen).toHaveLength(1);
  });
});

describe('an odd answer', () => {
  it.each([
    [
      'bare line feeds and no length',
      'HTTP/1.1 200 OK\n\nusername=u\npassword=p\n',
      'username=u\npassword=p\n',
    ],
    ['bare line feeds and headers', 'HTTP/1.0 200 OK\nA: b\nContent-Length: 2\n\nhi', 'hi'],
    ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi', 'hi'],
    ['no body at all', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    [
      'interim answers',
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
      'hi',
    ],
    ['more than it announced', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi there', 'hi'],
  ])('with %s is understood', async (_what, bytes, body) => {
    expect(await send(await startOddServer(bytes))).toMatchObject({ body });
  });

  it.each([
    ['nothing', ''],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nhalf'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('of %s is an error', async (_what, bytes) => {
    await expect(send(await startOddServer(bytes))).rejects.toEqual(failure('other'));
  });

  it('whose body or headers are too long is an error', async () => {
    const web = await startWeb((_request, response) => {
      const more = () => response.write('x'.repeat(10_000), more);
      more();
    });
    await expect(send(web.url, { maxBytes: 5000 })).rejects.toEqual(failure('too_long'));
    await expect(send(web.url)).rejects.toEqual(failure('too_long'));
    const endless = await startOddServer(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(100_000)}\r\n\r\n`, 'hold');
    await expect(send(endless)).rejects.toEqual(failure('too_long'));
  });

  it('may be as long as allowed', async () => {
    const web = await startWeb((_request, response) => response.end('12345'));
    expect((await send(web.url, { maxBytes: 5 })).body).toBe('12345');
  });
});

describe('the time limit', () => {
  it.each([
    ['the answer', ''],
    ['the rest of the head', 'HTTP/1.1 200 OK\r\n'],
    ['the rest of the body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
  ])('holds while the server keeps back %s', async (_what, bytes) => {
    const url = await startOddServer(bytes, 'hold');
    await expect(send(url, { timeoutMs: 200 })).rejects.toEqual(failure('timeout'));
  });

  it('holds for all redirects together', async () => {
    const web = await startWeb((_request, response) => {
      setTimeout(() => response.writeHead(302, { location: '/' }).end(), 100);
    });
    await expect(send(web.url, { timeoutMs: 350 })).rejects.toEqual(failure('timeout'));
    expect(web.seen.length).toBeLessThan(5);
  });

  it('may be longer than timers can be', async () => {
    const web = await startWeb((_request, response) => response.end());
    expect(await send(web.url, { timeoutMs: 1e12 })).toMatchObject({ status: 200 });
  });
});

describe('giving up', () => {
  it('ends a request under way at once', async () => {
    const controller = new AbortController();
    const url = await startOddServer('HTTP/1.1 200 OK\r\n', 'hold');
    const sent = send(url, { signal: controller.signal });
    await settle();
    controller.abort(new Error('stop'));
    await expect(sent).rejects.toEqual(failure('aborted'));
  });

  it('before the start sends nothing', async () => {
    const web = await startWeb((_request, response) => response.end());
    await expect(send(web.url, { signal: AbortSignal.abort() })).rejects.toEqual(failure('aborted'));
    expect(web.seen).toHaveLength(0);
  });

  it('or ending in any other way leaves no connection, no timer and no listener behind', async () => {
    let open = 0;
    const server = createServer((socket) => {
      open += 1;
      socket
        .on('error', () => {})
        .once('close', () => {
          open -= 1;
        });
      // Never closes its side by itself, and answers only what is not for /hang.
      socket.once('data', (data) => {
        if (!String(data).includes('/hang')) {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi there');
        }
      });
    });
    const url = `http://127.0.0.1:${await listen(server)}`;
    const signal = new AbortController().signal;
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await send(url, { signal });
    await expect(send(`${url}/hang`, { signal, timeoutMs: 100 })).rejects.toEqual(failure('timeout'));
    await expect(send(url, { signal, maxBytes: 1 })).rejects.toEqual(failure('too_long'));
    await waitFor(() => open === 0, { what: 'all connections to end' });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('a failure', () => {
  it('names the origin, and never path, query or user info', async () => {
    const port = await listen(createServer());
    const odd = await startOddServer('garbage');
    const loop = await startWeb((_request, response) =>
      response.writeHead(302, { location: '/s3cret' }).end(),
    );
    const secret = (url: string) => `${url.replace('//', '//s3cret:s3cret@')}/s3cret?s3cret#s3cret`;
    const urls = [
      odd,
      loop.url,
      `https://127.0.0.1:${port}`,
      'http://nowhere.invalid',
      'gopher://x',
      'http://:99999',
    ];
    for (const url of urls) {
      const error: unknown = await send(secret(url), { timeoutMs: 500 }).catch((thrown: unknown) => thrown);
      const all = inspect(error, { depth: 9, showHidden: true });
      expect(error).toMatchObject({ code: 'http_failed' });
      expect(all).not.toContain('s3cret');
    }
    await expect(send(`${odd}/x`)).rejects.toThrow(odd);
  });

  it('says whether nobody listens, the name is unknown or the URL is wrong', async () => {
    const web = await startWeb((_request, response) => response.end());
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
      });
    });
    await expect(send(`http://127.0.0.1:${port}`)).rejects.toEqual(failure('refused'));
    await expect(send('http://nowhere.invalid')).rejects.toEqual(failure('dns'));
    await expect(send('file:///etc/passwd')).rejects.toMatchObject({ code: 'http_failed' });
    await expect(send('not a url')).rejects.toEqual(failure('settings'));
    await expect(send(web.url, { method: 'NOT OK' })).rejects.toEqual(failure('settings'));
    await expect(send(web.url, { headers: { a: 'b\r\nc: d' } })).rejects.toEqual(failure('settings'));
    expect(web.seen).toHaveLength(0);
  });
});
