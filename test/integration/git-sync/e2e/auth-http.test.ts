import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeAuthority } from '../../../../src/core/http/client/fixtures/authority.ts';
import { type HttpGitServer, startHttpGitServer } from '../../../support/http-git-server.ts';
import { makeScene, type OwningTest, type Scene } from './scene.ts';

const USER = 'testuser';
const PASSWORD = 'testpass';

/** Serves the scene's repository as /repo to testuser with testpass. */
async function serve(test: OwningTest, scene: Scene): Promise<HttpGitServer> {
  const server = await startHttpGitServer({ root: scene.join(), users: new Map([[USER, PASSWORD]]) });
  test.onTestFinished(async () => server.stop());
  return server;
}

describe('a password over HTTP', () => {
  it('comes from the environment, with --username (auth_http_password)', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const repo = `--repo=${server.repositoryUrl('repo')}`;
    const as = (name: string, password: string) => [
      repo,
      `--username=${name}`,
      `--__env__GITSYNC_PASSWORD=${password}`,
      '--one-time',
    ];
    await scene.mustFail(as('wrong', PASSWORD));
    await scene.mustFail(as(USER, 'wrong'));
    await scene.once(as(USER, PASSWORD));
    expect(await scene.read()).toBe('first');
    await scene.commit('second');
    await scene.once([repo, `--username=${USER}`], { env: { GITSYNC_PASSWORD: PASSWORD } });
    expect(await scene.read()).toBe('second');
  });

  it('may stand in the URL, and then does not reach the repository (auth_http_password_in_url)', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const as = (name: string, password: string) => [
      `--repo=${server.repositoryUrl('repo', { name, password })}`,
      '--one-time',
    ];
    await scene.mustFail(as('wrong', PASSWORD));
    await scene.mustFail(as(USER, 'wrong'));
    const { stderr } = await scene.once(as(USER, PASSWORD));
    expect(await scene.read()).toBe('first');
    expect(stderr).not.toContain(PASSWORD);
    expect(await scene.read(path.join(scene.root, '.git', 'config'))).not.toContain(PASSWORD);
  });

  it('may stand in a file (auth_http_password_file)', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const file = scene.join('password-file');
    const flags = [
      `--repo=${server.repositoryUrl('repo')}`,
      `--username=${USER}`,
      `--password-file=${file}`,
      '--one-time',
    ];
    await writeFile(file, 'wrong');
    await scene.mustFail(flags);
    await writeFile(file, PASSWORD);
    await scene.once(flags);
    expect(await scene.read()).toBe('first');
    // Editors end files with a newline.
    await writeFile(file, `${PASSWORD}\n`);
    await scene.commit('second');
    await scene.once(flags);
    expect(await scene.read()).toBe('second');
  });

  it('is read from its file before each sync (auth_password_file_reload)', async (test) => {
    const scene = await makeScene(test, '1');
    const server = await serve(test, scene);
    const file = scene.join('password-file');
    const replace = async (text: string) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    await replace(PASSWORD);
    const sync = await scene.start([
      `--repo=${server.repositoryUrl('repo')}`,
      '--period=100ms',
      `--username=${USER}`,
      `--password-file=${file}`,
      '--max-failures=100',
    ]);
    await sync.synced();
    expect(await scene.read()).toBe('1');
    await replace('wrong');
    await sync.waitForLog('"failCount":1');
    await scene.commit('2');
    await sync.waitForLog('"failCount":3');
    expect(await scene.read()).toBe('1');
    await replace(PASSWORD);
    await sync.synced();
    expect(await scene.read()).toBe('2');
  });
});

describe('--credential', () => {
  it('is for the server of its URL only, may name a file, and comes in addition to those of the environment', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, scene);
    const file = scene.join('token');
    await writeFile(file, `${PASSWORD}\n`);
    const elsewhere = { url: 'https://git.example.com', username: USER, password: 'another' };
    const here = { url: server.url, username: USER, 'password-file': file };
    const repo = `--repo=${server.repositoryUrl('repo')}`;
    await scene.mustFail([repo, `--credential=${JSON.stringify(elsewhere)}`, '--one-time']);
    await scene.once([repo, `--credential=${JSON.stringify(elsewhere)}`], {
      env: { GITSYNC_CREDENTIAL: JSON.stringify([here]) },
    });
    expect(await scene.read()).toBe('first');
    await scene.commit('second');
    await scene.once([repo, `--credential=${JSON.stringify([elsewhere, here])}`]);
    expect(await scene.read()).toBe('second');
    expect(server.requests.some(({ authorization }) => authorization?.includes('another'))).toBe(false);
  });
});

describe('HTTPS', () => {
  /** As github_https does over the internet: a server whose certificate is checked. */
  it('is fetched from with a certificate that is checked (github_https)', async (test) => {
    const scene = await makeScene(test);
    const authority = makeAuthority(scene.join());
    const server = await startHttpGitServer({ root: scene.join(), tls: authority.issue('127.0.0.1') });
    test.onTestFinished(async () => server.stop());
    const repo = `--repo=${server.repositoryUrl('repo')}`;
    const { stderr } = await scene.mustFail([repo, '--one-time']);
    expect(stderr).toMatch(/certificate/i);
    await scene.once([repo, `--git-config-add=http.sslCAInfo:${authority.file}`]);
    expect(await scene.read()).toBe('first');
    await scene.commit('second');
    await scene.once([repo], { env: { GIT_SSL_CAINFO: authority.file } });
    expect(await scene.read()).toBe('second');
  });
});
