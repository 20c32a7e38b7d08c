import { writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type GitHubAppServer,
  type GitHubAppServerOptions,
  makeAppKey,
  startGitHubAppServer,
} from '../../../../test/support/github-app-server.ts';
import { startHookServer } from '../../../../test/support/hook-server.ts';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import type { GitHubApp } from '../../settings.ts';
import { fetchInstallationToken } from './github-app.ts';

const key = makeAppKey();
const temp = useTempDir();
const { signal } = new AbortController();

let github: GitHubAppServer | undefined;
afterEach(() => github?.stop());

async function startGitHub(more: Partial<GitHubAppServerOptions> = {}): Promise<GitHubAppServer> {
  github = await startGitHubAppServer({
    publicKey: key.publicKey,
    issuer: 'Iv1.client',
    installationId: '42',
    ...more,
  });
  return github;
}

function app(baseUrl: string, more: Partial<GitHubApp> = {}): GitHubApp {
  return { baseUrl, issuer: 'Iv1.client', installationId: 42, privateKey: key.privateKeyPem, ...more };
}

function fetchToken(settings: GitHubApp) {
  return fetchInstallationToken(settings, Date.now(), signal, {});
}

describe('a GitHub App', () => {
  it('gets a token that GitHub gives for a signed request', async () => {
    const server = await startGitHub();
    const token = await fetchToken(app(server.url));
    expect(token.token).toBe('ghs_test_1');
    expect(token.expiresAt).toBeGreaterThan(Date.now() + 3_500_000);
    expect(server.requests).toMatchObject([
      {
        path: '/app/installations/42/access_tokens',
        accept: 'application/vnd.github+json',
        refused: undefined,
        claims: { iss: 'Iv1.client' },
      },
    ]);
  });

  it.each([-55_000, 55_000])('bears a clock that is %d ms off', async (clockAheadMs) => {
    const server = await startGitHub({ clockAheadMs });
    expect((await fetchToken(app(server.url))).token).toBe('ghs_test_1');
  });

  it('may have a base URL with a path and without a slash at the end', async () => {
    const server = await startHookServer({
      status: 201,
      body: '{"token":"t","expires_at":"2030-01-01T00:00:00Z"}',
    });
    try {
      const token = await fetchToken(app(`${server.url}/api/v3`));
      expect(token).toEqual({ token: 't', expiresAt: Date.UTC(2030, 0, 1) });
      expect(server.requests).toMatchObject([
        {
          method: 'POST',
          path: '/api/v3/app/installations/42/access_tokens',
          headers: { 'content-length': '0', 'user-agent': 'pillion-git-sync' },
        },
      ]);
    } finally {
      await server.stop();
    }
  });

  it('reads its key file again each time', async () => {
    const server = await startGitHub();
    const privateKeyFile = temp.join('key.pem');
    const settings: GitHubApp = { ...app(server.url), privateKeyFile };
    await writeFile(privateKeyFile, makeAppKey().privateKeyPem);
    await expect(fetchToken(settings)).rejects.toMatchObject({
      code: 'github_app_failed',
      message: expect.stringContaining('answered with status 401'),
    });
    await writeFile(privateKeyFile, key.privateKeyPem);
    expect((await fetchToken(settings)).token).toBe('ghs_test_1');
  });

  it('names the source of a key it cannot use, and never the content', async () => {
    const privateKeyFile = temp.join('key.pem');
    await writeFile(
      privateKeyFile,
      '-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----\n',
    );
    await expect(fetchToken(app('http://127.0.0.1:1', { privateKeyFile }))).rejects.toThrow(
      `GitHub App: cannot use the private key of ${privateKeyFile}: it is not a PEM private key`,
    );
    await expect(
      fetchToken(app('http://127.0.0.1:1', { privateKeyFile: temp.join('none') })),
    ).rejects.toThrow('ENOENT');
    await expect(fetchToken(app('http://127.0.0.1:1', { privateKey: 's3cret' }))).rejects.toMatchObject({
      message: expect.not.stringContaining('s3cret'),
    });
  });

  it.each([
    ['no JSON', '<html>'],
    ['no object', 'null'],
    ['no token', '{"expires_at":"2030-01-01T00:00:00Z"}'],
    ['an empty token', '{"token":"","expires_at":"2030-01-01T00:00:00Z"}'],
    ['no time', '{"token":"t"}'],
    ['no real time', '{"token":"t","expires_at":"soon"}'],
  ])('does not believe an answer that has %s', async (_what, body) => {
    const server = await startHookServer({ status: 201, body });
    try {
      await expect(fetchToken(app(server.url))).rejects.toThrow('the answer has no token and expires_at');
    } finally {
      await server.stop();
    }
  });

  it('says which server failed, and never the password in its address', async () => {
    const server = await startGitHub();
    server.failNext(500);
    await expect(fetchToken(app(server.url.replace('//', '//u:s3cret@')))).rejects.toThrow(
      `GitHub App: http://127.0.0.1:${server.port} answered with status 500`,
    );
    for (const url of ['http://u:s3cret@127.0.0.1:1/', 's3cret', 'ftp://u:s3cret@x/']) {
      await expect(fetchToken(app(url))).rejects.toMatchObject({
        code: 'github_app_failed',
        message: expect.not.stringContaining('s3cret'),
      });
    }
  });
});
