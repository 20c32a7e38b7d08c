/** Each kind of source against a server or program that answers as the real one does, and against those that lie. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { makeAuthority } from '../../../src/core/http/client/fixtures/authority.ts';
import type { Source } from '../../../src/credentials/model.ts';
import { azureSource } from '../../../src/credentials/providers/azure.ts';
import { execSource } from '../../../src/credentials/providers/exec.ts';
import { fileSource } from '../../../src/credentials/providers/file.ts';
import { gcpSource } from '../../../src/credentials/providers/gcp.ts';
import { type HttpSourceSpec, httpSource } from '../../../src/credentials/providers/http.ts';
import { recordedContext } from '../../../src/credentials/providers/testing/context.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ask, failure, serve } from './support/scripted-server.ts';

const temp = useTempDir();

const HTTP: HttpSourceSpec = {
  url: '',
  method: 'GET',
  headers: {},
  body: undefined,
  bearerFile: undefined,
  tls: {},
  passwordPointer: '/data/token',
  usernamePointer: undefined,
  expiresAtPointer: undefined,
  expiresInPointer: '/data/ttl',
  lifetimeMs: undefined,
  user: 'app',
};

describe('an HTTP source', () => {
  it('is asked with a bearer token from a file without its line end, and answers at JSON pointers', async () => {
    await writeFile(temp.join('bearer'), 'bearer-token\n');
    const server = await serve(() => ({ body: '{"data":{"token":"t1","ttl":60}}' }));
    const context = recordedContext();
    const before = Date.now();
    const source = httpSource(
      { ...HTTP, url: `${server.url}/x?y`, bearerFile: temp.join('bearer') },
      context,
    );
    const { credential, clockSkewMs } = await ask(source);
    expect(credential).toMatchObject({ username: 'app', password: 't1' });
    expect(credential.expiresAt).toBeGreaterThanOrEqual(before + 60_000);
    expect(Math.abs(clockSkewMs ?? Infinity)).toBeLessThan(30_000);
    expect(server.seen[0]).toMatchObject({
      method: 'GET',
      url: '/x?y',
      headers: { authorization: 'Bearer bearer-token' },
    });
    expect([...context.secrets.values()]).toContain('bearer-token');
  });

  it('may ask for a client certificate, and its own must be of the given CA', async () => {
    const authority = makeAuthority(temp.path);
    const server = await serve(() => ({ body: '{"data":{"token":"t","ttl":60}}' }), {
      ...authority.issue('127.0.0.1'),
      ca: readFileSync(authority.file, 'utf8'),
    });
    const { key, cert } = authority.issue('client');
    await writeFile(temp.join('key'), key);
    await writeFile(temp.join('cert'), cert);
    const tls = { caFile: authority.file, certFile: temp.join('cert'), keyFile: temp.join('key') };
    const source = (files: HttpSourceSpec['tls']) =>
      httpSource({ ...HTTP, url: server.url, tls: files }, recordedContext());
    expect((await ask(source(tls))).credential.password).toBe('t');
    expect((await failure(source({ caFile: authority.file }))).code).toBe('http_failed');
    expect((await failure(source({ ...tls, caFile: undefined }))).message).toMatch(/TLS/);
  });

  it.each([
    ['10 MB', () => ({ body: 'x'.repeat(10_000_000) }), /longer than/],
    ['nothing', () => ({ body: '' }), /it is empty/],
    ['HTML', () => ({ body: '<html>sign in</html>' }), /it is not JSON/],
    ['another shape', () => ({ body: '{"data":{}}' }), /value at \/data\/token is missing/],
    ['a refusal', () => ({ status: 403, body: 'canary-body' }), /status 403/],
    [
      'a redirect',
      () => ({ status: 302, body: '', headers: { location: 'http://127.0.0.1:9/' } }),
      /redirects/,
    ],
  ])('that answers with %s is refused, without repeating it', async (_what, answer, message) => {
    const server = await serve(answer);
    const error = await failure(httpSource({ ...HTTP, url: `${server.url}/secret-path` }, recordedContext()));
    expect(error.message).toMatch(message);
    expect(`${error.message} ${error.hint ?? ''}`).not.toMatch(/canary|secret-path|sign in/);
  });

  it('whose whole answer is the password is refused when it is a page for people', async () => {
    const whole = { ...HTTP, passwordPointer: undefined, expiresInPointer: undefined };
    const answering = async (type: string) => {
      const server = await serve(() => ({ body: '<p>sign in</p>', headers: { 'content-type': type } }));
      return httpSource({ ...whole, url: server.url }, recordedContext());
    };
    for (const type of ['text/html', 'Text/HTML; charset=utf-8', 'application/xhtml+xml']) {
      const error = await failure(await answering(type));
      expect(error).toMatchObject({ code: 'source_answer_invalid' });
      expect(error.message).not.toContain('sign in');
    }
    expect((await ask(await answering('text/plain'))).credential.password).toBe('<p>sign in</p>');
  });

  it('that does not answer is given up with the signal', async () => {
    const server = await serve(() => undefined);
    const stop = new AbortController();
    const asked = ask(httpSource({ ...HTTP, url: server.url }, recordedContext()), stop.signal);
    await waitFor(() => server.seen.length > 0, { what: 'the request' });
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toMatchObject({ code: 'http_failed' });
  });
});

describe('the metadata server of Google Cloud', () => {
  it('is asked as its documentation says, past every proxy', async () => {
    const server = await serve(() => ({
      body: '{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}',
    }));
    const context = recordedContext({ HTTP_PROXY: 'http://127.0.0.1:9' });
    const scope = 'https://www.googleapis.com/auth/sqlservice.login';
    const spec = { user: 'sa@project.iam', account: 'default', scope, metadataUrl: server.url };
    const { credential } = await ask(gcpSource(spec, context));
    expect(credential).toMatchObject({ username: 'sa@project.iam', password: 'ya29.x' });
    expect((credential.expiresAt ?? 0) - credential.issuedAt).toBe(3_599_000);
    expect(server.seen[0]).toMatchObject({
      url: '/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fsqlservice.login',
      headers: { 'metadata-flavor': 'Google' },
    });
  });
});

describe('Azure', () => {
  const resource = 'https://ossrdbms-aad.database.windows.net';
  const spec = (metadataUrl: string) => ({ user: 'identity', resource, clientId: '', metadataUrl });

  it('gives a token from the metadata server, with its end as a string of seconds', async () => {
    const end = Math.floor(Date.now() / 1000) + 3600;
    const server = await serve(() => ({ body: `{"access_token":"eyJ.x","expires_on":"${end}"}` }));
    const { credential } = await ask(azureSource(spec(server.url), recordedContext()));
    expect(credential).toMatchObject({ username: 'identity', password: 'eyJ.x', expiresAt: end * 1000 });
    expect(server.seen[0]).toMatchObject({
      url: `/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${encodeURIComponent(resource)}`,
      headers: { metadata: 'true' },
    });
  });

  it('gives a token for the workload identity of AKS', async () => {
    const server = await serve(() => ({ body: '{"access_token":"eyJ.y","expires_in":3599}' }));
    await writeFile(temp.join('assertion'), 'jwt-of-the-pod\n');
    const env = {
      AZURE_FEDERATED_TOKEN_FILE: temp.join('assertion'),
      AZURE_AUTHORITY_HOST: `${server.url}/`,
      AZURE_TENANT_ID: 'tenant',
      AZURE_CLIENT_ID: 'client',
    };
    const { credential } = await ask(azureSource(spec('http://127.0.0.1:9'), recordedContext(env)));
    expect(credential.password).toBe('eyJ.y');
    const [request] = server.seen;
    expect(request).toMatchObject({ method: 'POST', url: '/tenant/oauth2/v2.0/token' });
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'client',
      scope: `${resource}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'jwt-of-the-pod',
    });
  });

  it('says which error Entra gave, and not what was sent', async () => {
    const body =
      '{"error":"invalid_client","error_description":"AADSTS70021: no match for assertion canary"}';
    const server = await serve(() => ({ status: 401, body }));
    const error = await failure(azureSource(spec(server.url), recordedContext()));
    expect(error.message).toContain('AADSTS70021');
    expect(error.message).not.toContain('canary');
  });
});

describe('a program as source', () => {
  async function program(script: string): Promise<Source> {
    const file = temp.join('program');
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    const spec = { command: [file, 'a b'], env: { ADDED: 'yes' }, lifetimeMs: undefined, user: 'app' };
    return execSource(spec, recordedContext({ INHERITED: 'also' }));
  }

  it('gets its arguments and environment as they are, without a shell', async () => {
    const { credential } = await ask(
      await program('printf \'{"token":"%s|%s|%s"}\' "$1" "$ADDED" "$INHERITED"'),
    );
    expect(credential).toMatchObject({ username: 'app', password: 'a b|yes|also', expiresAt: undefined });
  });

  it.each([
    ['prints 10 MB', 'head -c 10000000 /dev/zero | tr "\\0" x', /more than 1048576 bytes/],
    ['prints nothing', 'true', /it is empty/],
    ['prints something else', 'echo canary', /it is not JSON/],
    ['fails', 'echo \'{"token":"canary"}\'; echo "no role" >&2; exit 3', /exit code 3: no role/],
    ['has ended already', 'echo \'{"token":"canary","expiresAt":1000000000}\'', /ended \d+ s ago/],
  ])('that %s is refused, without repeating its output', async (_what, script, message) => {
    const error = await failure(await program(script));
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('canary');
  });

  it('that hangs is ended with its children when the time is over', async () => {
    const source = await program(`sleep 300 & echo $! > ${temp.join('pid')}; sleep 300`);
    const stop = new AbortController();
    const asked = ask(source, stop.signal).catch((error: unknown) => error);
    const pid = await waitFor(() => readFileSync(temp.join('pid'), 'utf8').trim(), { what: 'the child' });
    stop.abort(new Error('too late'));
    expect(String(await asked)).toContain('too late');
    await waitFor(() => spawnSync('kill', ['-0', pid]).status !== 0, { what: 'the end of the child' });
  });

  it('that is not there, or not executable, says so', async () => {
    const spec = { command: ['/nonexistent/program'], env: {}, lifetimeMs: undefined, user: 'app' };
    expect(await failure(execSource(spec, recordedContext()))).toMatchObject({
      hint: expect.stringContaining('full path'),
    });
  });
});

describe('a file as source', () => {
  const source = (path: string, format: 'text' | 'json' = 'text') =>
    fileSource({ path, format, user: 'app', lifetimeMs: undefined }, recordedContext(), systemClock);

  it('is followed through the link switch of a mounted Secret', async () => {
    await mkdir(temp.join('a'));
    await mkdir(temp.join('b'));
    await writeFile(temp.join('a', 'password'), 'one\n');
    await writeFile(temp.join('b', 'password'), 'two\r\n');
    await symlink('a', temp.join('..data'));
    await symlink('..data/password', temp.join('password'));
    const watched = source(temp.join('password'));
    expect((await ask(watched)).credential.password).toBe('one');
    const stop = new AbortController();
    let changes = 0;
    const watching = watched.watch?.(() => (changes += 1), stop.signal);
    await symlink('b', temp.join('..new'));
    await rename(temp.join('..new'), temp.join('..data'));
    await waitFor(() => changes === 1, { what: 'the change' });
    expect((await ask(watched)).credential.password).toBe('two');
    stop.abort();
    await watching;
  });

  it('that is a pipe, missing, empty or too large is refused at once', async () => {
    spawnSync('mkfifo', [temp.join('pipe')]);
    await writeFile(temp.join('empty'), '\n');
    await writeFile(temp.join('large'), 'x'.repeat(2 * 1024 * 1024));
    const messages = await Promise.all(
      ['pipe', 'none', 'empty', 'large'].map(
        async (name) => (await failure(source(temp.join(name)))).message,
      ),
    );
    expect(messages).toEqual([
      expect.stringContaining('no regular file'),
      expect.stringContaining('there is none'),
      expect.stringContaining('is empty'),
      expect.stringContaining('more than'),
    ]);
  });

  it('may hold what programs print', async () => {
    await writeFile(temp.join('json'), '{"username":"u","password":"p","expiresIn":60}');
    expect((await ask(source(temp.join('json'), 'json'))).credential).toMatchObject({
      username: 'u',
      password: 'p',
    });
  });
});
