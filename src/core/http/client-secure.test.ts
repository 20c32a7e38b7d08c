import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { readAuthorities } from './client/certificates.ts';
import { makeAuthority, type TestAuthority } from './client/fixtures/authority.ts';
import { listen, startOddServer, startProxy, startSecureWeb, startWeb } from './client/fixtures/servers.ts';
import { type ClientRequest, sendRequest } from './client.ts';

const AMPLE_MS = 15_000;
const ok: RequestListener = (_request, response) => response.end('ok');

let directory = '';
let authority: TestAuthority;
let local: { key: string; cert: string };
let named: { key: string; cert: string };

beforeAll(async () => {
  directory = await makeTempDir();
  authority = makeAuthority(directory);
  local = authority.issue('127.0.0.1');
  named = authority.issue('service.test', 'proxy.test', 'localhost');
});
afterAll(() => removeTempDir(directory));

function send(url: string, env: ClientRequest['env'], more: Partial<ClientRequest> = {}) {
  const signal = new AbortController().signal;
  return sendRequest({ method: 'GET', url, timeoutMs: AMPLE_MS, signal, env, ...more });
}

function failure(reason: string) {
  return expect.objectContaining({ code: 'http_failed', facts: expect.objectContaining({ reason }) });
}

describe('https', () => {
  it('trusts the authorities of SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS', async () => {
    const { port, seen } = await startSecureWeb(local, ok);
    const certificates = join(directory, 'certs');
    mkdirSync(certificates);
    symlinkSync(authority.file, join(certificates, 'mounted.crt'));
    const url = `https://127.0.0.1:${port}/x`;
    for (const env of [
      { SSL_CERT_FILE: authority.file },
      { SSL_CERT_DIR: `/nonexistent:${certificates}` },
      { NODE_EXTRA_CA_CERTS: authority.file },
    ]) {
      expect((await send(url, env)).body).toBe('ok');
    }
    expect(seen[0]).toMatchObject({ url: '/x', headers: { host: `127.0.0.1:${port}` } });
  });

  it('is refused for an unknown authority, another name or a server that speaks no TLS', async () => {
    const env = { SSL_CERT_FILE: authority.file };
    const right = await startSecureWeb(local, ok);
    const wrong = await startSecureWeb(named, ok);
    const plain = (await startOddServer('HTTP/1.1 400 Bad Request\r\n\r\n')).replace('http:', 'https:');
    await expect(send(`https://127.0.0.1:${right.port}`, {})).rejects.toEqual(failure('tls'));
    await expect(send(`https://127.0.0.1:${wrong.port}`, env)).rejects.toEqual(failure('tls'));
    await expect(send(plain, env)).rejects.toEqual(failure('tls'));
    expect([...right.seen, ...wrong.seen]).toHaveLength(0);
  });

  it('stays on when the environment would switch it off', async () => {
    const { port } = await startSecureWeb(local, ok);
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      await expect(send(`https://127.0.0.1:${port}`, process.env)).rejects.toEqual(failure('tls'));
    } finally {
      if (before === undefined) {
        delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      } else {
        process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
      }
    }
  });

  it('is bounded by the time limit during the handshake too', async () => {
    const url = (await startOddServer('', 'hold')).replace('http:', 'https:');
    await expect(send(url, {}, { timeoutMs: 200 })).rejects.toEqual(failure('timeout'));
  });

  it('to http keeps no credentials on the way', async () => {
    const web = await startWeb(ok);
    const secure = await startSecureWeb(local, (_request, response) => {
      response.writeHead(307, { location: `${web.url}/y` }).end();
    });
    const env = { SSL_CERT_FILE: authority.file };
    await send(`https://u:p@127.0.0.1:${secure.port}/`, env, { headers: { Cookie: 'a=b' } });
    expect(secure.seen[0]?.headers).toMatchObject({ authorization: 'Basic dTpw', cookie: 'a=b' });
    expect(web.seen[0]?.url).toBe('/y');
    expect(web.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(web.seen[0]?.headers).not.toHaveProperty('cookie');
  });
});

describe('the server name', () => {
  it('is told in the handshake, but an address is none', async () => {
    const names: string[] = [];
    const server = createSecureServer(
      { ...named, SNICallback: (name, done) => (names.push(name), done(null)) },
      ok,
    );
    const port = await listen(server);
    const env = { SSL_CERT_FILE: authority.file };
    expect((await send(`https://localhost:${port}`, env)).body).toBe('ok');
    await expect(send(`https://127.0.0.1:${port}`, env)).rejects.toEqual(failure('tls'));
    expect(names).toEqual(['localhost']);
  });
});

describe('the list of authorities', () => {
  it('holds every certificate of a file, once', () => {
    const both = join(directory, 'both.pem');
    const other = makeAuthority(directory, 'other-ca');
    const [first, second] = [authority.file, other.file].map((file) => readFileSync(file, 'utf8'));
    writeFileSync(both, `# comment\n${first}${second}${first}`);
    const env = { SSL_CERT_FILE: both, SSL_CERT_DIR: '/nonexistent', NODE_EXTRA_CA_CERTS: other.file };
    expect(readAuthorities(env)).toHaveLength(2);
  });

  it('leaves out what is broken, repeated or no certificate', async () => {
    const certificates = join(directory, 'mixed');
    mkdirSync(certificates);
    mkdirSync(join(certificates, 'directory'));
    symlinkSync(authority.file, join(certificates, 'a.pem'));
    symlinkSync('a.pem', join(certificates, '0123abcd.0'));
    symlinkSync('/nonexistent', join(certificates, 'dangling'));
    writeFileSync(join(certificates, 'key.pem'), local.key);
    writeFileSync(join(certificates, 'notes.txt'), 'no certificate');
    const env = { SSL_CERT_FILE: authority.file, SSL_CERT_DIR: certificates };
    expect(readAuthorities(env)).toHaveLength(1);
    expect(readAuthorities({ SSL_CERT_FILE: '/nonexistent', SSL_CERT_DIR: '/nonexistent' })).toEqual([]);
  });

  it('survives a certificate that cannot be parsed', async () => {
    const broken = join(directory, 'broken.pem');
    writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n');
    const { port } = await startSecureWeb(local, ok);
    const env = { SSL_CERT_FILE: broken, NODE_EXTRA_CA_CERTS: authority.file };
    expect((await send(`https://127.0.0.1:${port}`, env)).status).toBe(200);
  });
});

describe('a proxy', () => {
  it('gets the whole URL of an http request, and its own credentials', async () => {
    const proxy = await startProxy(ok);
    const env = { HTTP_PROXY: `http://pu:p%40@127.0.0.1:${proxy.port}` };
    const answer = await send('http://u:p@service.test:81/x?y', env, { method: 'POST', body: 'b' });
    expect(answer.body).toBe('ok');
    expect(proxy.seen).toMatchObject([
      {
        method: 'POST',
        url: 'http://service.test:81/x?y',
        body: 'b',
        headers: {
          host: 'service.test:81',
          authorization: 'Basic dTpw',
          'proxy-authorization': `Basic ${Buffer.from('pu:p@').toString('base64')}`,
        },
      },
    ]);
  });

  it.each(['http', 'https'])('that speaks %s makes a tunnel for https', async (scheme) => {
    const server = await startSecureWeb(named, ok);
    const make = (listener: RequestListener) =>
      scheme === 'http' ? createServer(listener) : createSecureServer(named, listener);
    const proxy = await startProxy(ok, { tunnelPort: server.port, server: make });
    const env = {
      HTTPS_PROXY: `${scheme}://pu:pp@localhost:${proxy.port}`,
      SSL_CERT_FILE: authority.file,
    };
    expect((await send('https://u:p@service.test/x', env)).body).toBe('ok');
    expect(proxy.tunnels).toMatchObject([
      {
        target: 'service.test:443',
        headers: { host: 'service.test:443', 'proxy-authorization': 'Basic cHU6cHA=' },
      },
    ]);
    expect(proxy.tunnels[0]?.headers).not.toHaveProperty('authorization');
    expect(server.seen).toMatchObject([
      { url: '/x', headers: { host: 'service.test', authorization: 'Basic dTpw' } },
    ]);
    expect(server.seen[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('is not believed when its tunnel leads to another server', async () => {
    const server = await startSecureWeb(local, ok);
    const proxy = await startProxy(ok, { tunnelPort: server.port });
    const env = { HTTPS_PROXY: `127.0.0.1:${proxy.port}`, SSL_CERT_FILE: authority.file };
    await expect(send('https://service.test/', env)).rejects.toEqual(failure('tls'));
    expect(server.seen).toHaveLength(0);
  });

  it('that refuses, is away or says nothing is named in the error, without its password', async () => {
    const proxy = await startProxy(ok);
    const silent = await startOddServer('');
    const origin = `http://127.0.0.1:${proxy.port}`;
    const refused = send('https://service.test/s3cret', { HTTPS_PROXY: origin.replace('//', '//u:s3cret@') });
    await expect(refused).rejects.toThrow(
      `HTTP request to https://service.test: the proxy ${origin} refused the connection with status 403`,
    );
    await expect(send('https://service.test/', { HTTPS_PROXY: silent })).rejects.toThrow(silent);
    const port = await listen(createServer());
    await expect(
      send('https://service.test/', { HTTPS_PROXY: `http://u:s3cret@x.invalid:${port}` }),
    ).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining('s3cret') }));
  });

  it('is chosen again for each redirect', async () => {
    const web = await startWeb(ok);
    const proxy = await startProxy((request, response) => {
      const away = request.url === 'http://a.test/';
      response.writeHead(302, { location: away ? 'http://b.test/x' : web.url }).end();
    });
    const env = { http_proxy: `127.0.0.1:${proxy.port}` };
    const headers = { Authorization: 'Bearer t', 'X-Kept': 'yes' };
    expect((await send('http://a.test/', env, { headers })).body).toBe('ok');
    expect(proxy.seen.map(({ url }) => url)).toEqual(['http://a.test/', 'http://b.test/x']);
    expect(proxy.seen.map((each) => each.headers.authorization)).toEqual(['Bearer t', undefined]);
    expect(web.seen[0]?.headers).toMatchObject({ 'x-kept': 'yes' });
    expect(web.seen[0]?.headers).not.toHaveProperty('proxy-authorization');
  });
});

describe('the files of a request', () => {
  const inside = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };

  it('of authorities leave out all others, and are read again when they have changed', async () => {
    const { port } = await startSecureWeb(local, ok);
    const url = `https://127.0.0.1:${port}`;
    const env = { SSL_CERT_FILE: authority.file, NODE_EXTRA_CA_CERTS: authority.file };
    const caFile = inside('ca-file.pem', readFileSync(makeAuthority(directory, 'third-ca').file, 'utf8'));
    await expect(send(url, env, { caFile })).rejects.toEqual(failure('tls'));
    renameSync(inside('ca-file.new', readFileSync(authority.file, 'utf8')), caFile);
    expect((await send(url, {}, { caFile })).body).toBe('ok');
    await expect(send(url, env, { caFile: join(directory, 'none') })).rejects.toEqual(failure('tls'));
  });

  it('prove who asks, are read again when they have been renewed, and are not shown to other hosts', async () => {
    const shown: string[] = [];
    const listener: RequestListener = (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      shown.push(`${request.url} ${subject?.CN}`);
      const isMoved = request.url === '/moved';
      response.writeHead(isMoved ? 302 : 200, isMoved ? { location: `https://127.0.0.1:${port}/` } : {});
      response.end('ok');
    };
    const issued = authority.issue('127.0.0.1', 'localhost');
    const options = {
      ...issued,
      requestCert: true,
      rejectUnauthorized: false,
      ca: readFileSync(authority.file),
    };
    const port = await listen(createSecureServer(options, listener));
    const clientCertificate = { certFile: inside('c.pem', local.cert), keyFile: inside('c.key', local.key) };
    const env = { SSL_CERT_FILE: authority.file };
    await send(`https://localhost:${port}/a`, env, { clientCertificate });
    await send(`https://localhost:${port}/moved`, env, { clientCertificate });
    expect(shown).toEqual(['/a server', '/moved server', '/ undefined']);
    inside('c.key', 'no key');
    const broken = send(`https://localhost:${port}/`, env, { clientCertificate });
    await expect(broken).rejects.toEqual(failure('settings'));
    inside('c.key', local.key);
    expect((await send(`https://localhost:${port}/`, env, { clientCertificate })).body).toBe('ok');
  });

  it('that is no key or not there is named', async () => {
    const clientCertificate = { certFile: inside('c.pem', local.cert), keyFile: '/nonexistent/key' };
    await expect(send('https://127.0.0.1:1', {}, { clientCertificate })).rejects.toThrow();
    const { port } = await startSecureWeb(local, ok);
    const sent = send(`https://127.0.0.1:${port}`, {}, { clientCertificate });
    await expect(sent).rejects.toThrow('/nonexistent/key');
  });

  it('give a bearer token, which redirects to other hosts do not get', async () => {
    const other = await startWeb(ok);
    const web = await startWeb((request, response) => {
      const away = `http://localhost:${other.port}/`;
      response.writeHead(
        request.url === '/away' ? 307 : 200,
        request.url === '/away' ? { location: away } : {},
      );
      response.end('ok');
    });
    const bearerFile = inside('token', 't0ken\n');
    await send(web.url, {}, { bearerFile });
    inside('token', 'renewed');
    await send(`${web.url}/away`, {}, { bearerFile });
    expect(web.seen.map((each) => each.headers.authorization)).toEqual(['Bearer t0ken', 'Bearer renewed']);
    expect(other.seen.map((each) => each.headers.authorization)).toEqual([undefined]);
  });

  it.each(['', '\n', 'two words', 'a\nb', 'grüße'])(
    'that hold no token (%j) are refused without quoting them',
    async (text) => {
      const bearerFile = inside('bad-token', text);
      const error: unknown = await send('http://127.0.0.1:1', {}, { bearerFile }).catch((e: unknown) => e);
      expect(error).toEqual(failure('settings'));
      expect(String(error)).toContain(bearerFile);
      expect(inspect(error)).not.toContain(text.trim() || '\u0000');
    },
  );
});
