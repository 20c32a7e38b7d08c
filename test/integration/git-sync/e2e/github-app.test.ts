import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makeAppKey, startGitHubAppServer } from '../../../support/github-app-server.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { makeScene, type OwningTest, type Scene } from './scene.ts';

const INSTALLATION = '4711';

/** GitHub's API and its git server, which lets nobody in but an installation token of this app. */
async function startGitHub(test: OwningTest, scene: Scene, issuer: string, tokenLifeMs?: number) {
  const key = makeAppKey();
  const api = await startGitHubAppServer({
    publicKey: key.publicKey,
    issuer,
    installationId: INSTALLATION,
    ...(tokenLifeMs === undefined ? {} : { tokenLifeMs }),
  });
  const basic = (token: string) => `Basic ${Buffer.from(`-:${token}`).toString('base64')}`;
  const server = await startHttpGitServer({
    root: scene.join(),
    authorize: (authorization) => authorization === basic(api.tokens.at(-1) ?? 'none yet'),
  });
  test.onTestFinished(async () => Promise.all([api.stop(), server.stop()]).then(() => {}));
  await writeFile(scene.join('key.pem'), key.privateKeyPem, { mode: 0o600 });
  return {
    api,
    key,
    flags: [
      `--repo=${server.repositoryUrl('repo')}`,
      `--github-base-url=${api.url}`,
      '--github-app-installation-id',
      INSTALLATION,
    ],
    keyFile: ['--github-app-private-key-file', scene.join('key.pem')],
  };
}

describe('a GitHub App', () => {
  const expectSyncAsApp = async (test: OwningTest, flag: string, id: string) => {
    const scene = await makeScene(test);
    const github = await startGitHub(test, scene, id);
    await scene.once([...github.flags, ...github.keyFile, flag, id]);
    expect(await scene.read()).toBe('first');
    expect(github.api.requests).toMatchObject([
      { path: `/app/installations/${INSTALLATION}/access_tokens`, accept: 'application/vnd.github+json' },
    ]);
    expect(github.api.requests[0]?.refused).toBeUndefined();
  };

  it('with its application id gets a token and syncs with it (auth_github_app_application_id)', async (test) => {
    await expectSyncAsApp(test, '--github-app-application-id', '12345');
  });

  it('with its client id gets a token and syncs with it (auth_github_app_client_id)', async (test) => {
    await expectSyncAsApp(test, '--github-app-client-id', 'Iv23liTest');
  });

  it('takes its key from the environment, and a new token before the old one ends', async (test) => {
    const scene = await makeScene(test, '1');
    const github = await startGitHub(test, scene, '12345', 20_000);
    const sync = await scene.start([...github.flags, '--github-app-application-id=12345', '--period=100ms'], {
      env: { GITSYNC_GITHUB_APP_PRIVATE_KEY: github.key.privateKeyPem },
    });
    await sync.synced();
    await scene.commit('2');
    await sync.synced();
    expect(await scene.read()).toBe('2');
    // Tokens that end within 30 s are replaced before each sync.
    expect(github.api.tokens.length).toBeGreaterThan(1);
    const refreshes = await sync.metric('git_sync_refresh_github_app_token_count{status="success"}');
    expect(refreshes).toBeGreaterThan(1);
  });

  it('whose token is refused to it fails the sync', async (test) => {
    const scene = await makeScene(test);
    const github = await startGitHub(test, scene, 'another app');
    const flags = [...github.flags, ...github.keyFile, '--github-app-application-id=12345', '--one-time'];
    const { stderr } = await scene.mustFail(flags);
    expect(stderr).toMatch(/401/);
  });
});
