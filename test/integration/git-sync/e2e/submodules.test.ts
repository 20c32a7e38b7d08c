import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRepository, type GitRepository, gitmodules } from '../../../support/git-repository.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { startSshServer } from '../../../support/ssh-server.ts';
import { historyOf, isThere, makeScene, type Scene, type Sync } from './scene.ts';

/** Commits in `parent` that the module stands at this commit of `sub`; undefined removes it. */
async function setModule(
  parent: GitRepository,
  name: string,
  module: { readonly url: string; readonly commit: string } | undefined,
): Promise<void> {
  const names = module === undefined ? null : gitmodules([{ path: name, url: module.url }]);
  const link = module === undefined ? null : { gitlink: module.commit };
  await parent.commit({ '.gitmodules': names, [name]: link });
}

async function makeModule(scene: Scene, name: string, text = name): Promise<GitRepository> {
  const repository = await createRepository(scene.join(name));
  await repository.commit({ [`${name}.file`]: `${text}\n` });
  return repository;
}

/** Waits for the change and for its number. */
async function expectSync(sync: Sync, count: number): Promise<void> {
  await sync.synced();
  expect(await sync.metric('git_sync_count_total{status="success"}')).toBe(count);
}

describe('submodules', () => {
  it('are followed where they move, appear and go, nested ones too (submodule_sync_default)', async (test) => {
    const scene = await makeScene(test);
    const sub = await makeModule(scene, 'sub');
    const nested = await makeModule(scene, 'nested-sub');
    const move = async () => setModule(scene.repo, 'sub', { url: sub.url, commit: await sub.hash() });
    await move();
    const sync = await scene.start(['--period=100ms']);
    await expectSync(sync, 1);
    expect(await scene.read('sub/sub.file')).toBe('sub');

    await sub.commit({ 'sub.file': 'moved\n' });
    await move();
    await expectSync(sync, 2);
    expect(await scene.read('sub/sub.file')).toBe('moved');

    await sub.setBranch(sub.branch, `${sub.branch}^`);
    await move();
    await expectSync(sync, 3);
    expect(await scene.read('sub/sub.file')).toBe('sub');

    await setModule(sub, 'nested-sub', { url: nested.url, commit: await nested.hash() });
    await move();
    await expectSync(sync, 4);
    expect(await scene.read('sub/nested-sub/nested-sub.file')).toBe('nested-sub');

    await setModule(sub, 'nested-sub', undefined);
    await move();
    await expectSync(sync, 5);
    expect(await scene.read('sub/sub.file')).toBe('sub');
    expect(await isThere(path.join(scene.link, 'sub', 'nested-sub', 'nested-sub.file'))).toBe(false);

    await setModule(scene.repo, 'sub', undefined);
    await expectSync(sync, 6);
    expect(await isThere(path.join(scene.link, 'sub', 'sub.file'))).toBe(false);
  });

  it('have the depth of the repository (submodule_sync_depth)', async (test) => {
    const scene = await makeScene(test);
    const sub = await makeModule(scene, 'sub', '1');
    const move = async () => setModule(scene.repo, 'sub', { url: sub.url, commit: await sub.hash() });
    await move();
    const sync = await scene.start(['--period=100ms', '--depth=1']);
    const steps = [
      ['1', async () => {}],
      ['2', async () => sub.commit({ 'sub.file': '2\n' }).then(move)],
      ['1', async () => sub.setBranch(sub.branch, `${sub.branch}^`).then(move)],
    ] as const;
    for (const [index, [text, step]] of steps.entries()) {
      await step();
      await expectSync(sync, index + 1);
      expect(await scene.read('sub/sub.file')).toBe(text);
      expect([await historyOf(scene.link), await historyOf(path.join(scene.link, 'sub'))]).toEqual([1, 1]);
    }
  });

  it('are left out with --submodules=off (submodule_sync_off)', async (test) => {
    const scene = await makeScene(test);
    const sub = await makeModule(scene, 'sub');
    await setModule(scene.repo, 'sub', { url: sub.url, commit: await sub.hash() });
    await scene.once(['--submodules=off']);
    expect(await scene.read()).toBe('first');
    expect(await isThere(path.join(scene.link, 'sub', 'sub.file'))).toBe(false);
  });

  it('come without their own submodules with --submodules=shallow (submodule_sync_shallow)', async (test) => {
    const scene = await makeScene(test);
    const sub = await makeModule(scene, 'sub');
    const nested = await makeModule(scene, 'nested-sub');
    await setModule(sub, 'nested-sub', { url: nested.url, commit: await nested.hash() });
    await setModule(scene.repo, 'sub', { url: sub.url, commit: await sub.hash() });
    await scene.once(['--submodules=shallow']);
    expect(await scene.read('sub/sub.file')).toBe('sub');
    expect(await isThere(path.join(scene.link, 'sub', 'nested-sub', 'nested-sub.file'))).toBe(false);
  });

  it('may have URLs relative to the repository (submodule_sync_relative)', async (test) => {
    const scene = await makeScene(test);
    const sub = await makeModule(scene, 'sub');
    await setModule(scene.repo, 'sub', { url: '../sub', commit: await sub.hash() });
    await scene.once();
    expect(await scene.read('sub/sub.file')).toBe('sub');
  });

  it('are looked for where the commit says, also when they or the repository have moved', async (test) => {
    const scene = await makeScene(test);
    const sub = await makeModule(scene, 'sub');
    await setModule(scene.repo, 'sub', { url: '../sub', commit: await sub.hash() });
    await scene.once();
    const moved = await sub.mirror(scene.join('elsewhere', 'sub'));
    const commit = await moved.commit({ 'sub.file': 'moved\n' });
    await setModule(scene.repo, 'sub', { url: moved.url, commit });
    await scene.once();
    expect(await scene.read('sub/sub.file')).toBe('moved');
    await setModule(scene.repo, 'sub', { url: '../sub', commit });
    const failed = await scene.run(['--one-time']);
    expect(failed.stderr).toContain('"code":"submodule_commit_not_found"');
    const mirror = await scene.repo.mirror(scene.join('elsewhere', 'repo'));
    await scene.once([`--repo=${mirror.url}`]);
    expect(await scene.read('sub/sub.file')).toBe('moved');
  });
});

describe('submodules on three servers', () => {
  it('are fetched over SSH with a key for each (submodule_sync_over_ssh_different_keys)', async (test) => {
    const scene = await makeScene(test);
    const servers = await Promise.all(
      ['1', '2', '3'].map(async (name) => startSshServer(scene.join(`ssh-${name}`))),
    );
    test.onTestFinished(async () => Promise.all(servers.map(async (server) => server.stop())).then(() => {}));
    const url = (index: number, repository: GitRepository) =>
      servers[index]?.repositoryUrl(repository.path) ?? '';
    const [sub, nested] = [await makeModule(scene, 'sub'), await makeModule(scene, 'nested-sub')];
    await setModule(sub, 'nested-sub', { url: url(0, nested), commit: await nested.hash() });
    await setModule(scene.repo, 'sub', { url: url(1, sub), commit: await sub.hash() });
    const keys = servers.map((server) => `--ssh-key-file=${server.keyPath}`);
    const sync = await scene.start([
      `--repo=${url(2, scene.repo)}`,
      ...keys,
      '--ssh-known-hosts=false',
      '--period=100ms',
    ]);
    await expectSync(sync, 1);
    expect(await scene.read('sub/sub.file')).toBe('sub');
    expect(await scene.read('sub/nested-sub/nested-sub.file')).toBe('nested-sub');
  });

  it('are fetched over HTTP with a password for each (submodule_sync_over_http_different_passwords)', async (test) => {
    const scene = await makeScene(test);
    const servers = await Promise.all(
      ['test1', 'test2', 'test3'].map(async (password) =>
        startHttpGitServer({ root: scene.join(), users: new Map([['test', password]]) }),
      ),
    );
    test.onTestFinished(async () => Promise.all(servers.map(async (server) => server.stop())).then(() => {}));
    const url = (index: number, name: string) => servers[index]?.repositoryUrl(name) ?? '';
    const [sub, nested] = [await makeModule(scene, 'sub'), await makeModule(scene, 'nested-sub')];
    await setModule(sub, 'nested-sub', { url: url(0, 'nested-sub'), commit: await nested.hash() });
    await setModule(scene.repo, 'sub', { url: url(1, 'sub'), commit: await sub.hash() });
    const credential = (index: number, name: string) =>
      `--credential=${JSON.stringify({ url: url(index, name), username: 'test', password: `test${index + 1}` })}`;
    const sync = await scene.start([
      `--repo=${url(2, 'repo')}`,
      credential(0, 'nested-sub'),
      credential(1, 'sub'),
      credential(2, 'repo'),
      '--period=100ms',
    ]);
    await expectSync(sync, 1);
    expect(await scene.read('sub/sub.file')).toBe('sub');
    expect(await scene.read('sub/nested-sub/nested-sub.file')).toBe('nested-sub');
  });
});
