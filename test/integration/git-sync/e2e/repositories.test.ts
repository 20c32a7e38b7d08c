/** `--config`: several repositories in one process. */
import { createHmac } from 'node:crypto';
import { access, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DELIVERY_SECRET as SECRET } from '../../../support/deliveries.ts';
import { installFake } from '../../../support/fake-programs.ts';
import { createRepository, type GitRepository } from '../../../support/git-repository.ts';
import { type PillionOptions, runPillion, startPillion } from '../../../support/pillion.ts';
import { makeTempDir, removeTempDir } from '../../../support/temp.ts';
import { waitFor } from '../../../support/wait-for.ts';
import type { OwningTest } from './scene.ts';

const TOP = 'http-bind: 127.0.0.1:0\nhttp-metrics: true\nperiod: 100ms\nlink: link\n';
const AS_IMAGE: PillionOptions = { startedAs: 'git-sync' };

type Status = {
  readonly ready: boolean;
  readonly config: { readonly lastReload: Record<string, unknown> | null };
  readonly repositories: readonly Record<string, unknown>[];
};

async function makeScene(test: OwningTest) {
  const dir = await makeTempDir('pillion-many-');
  test.onTestFinished(async () => removeTempDir(dir));
  const file = path.join(dir, 'config.yaml');
  const join = (...names: string[]) => path.join(dir, ...names);
  const flags = [`--config=${file}`, `--root=${join('git')}`, '-v=3'];
  const repositories = new Map<string, GitRepository>();
  return {
    join,
    file,
    flags,
    async repository(name: string): Promise<GitRepository> {
      const made = await createRepository(join('remotes', name), { branch: 'main' });
      await made.commit({ file: `${name} 1\n` });
      repositories.set(name, made);
      return made;
    },
    entry: (name: string, more = '') =>
      `  - { name: ${name}, repo: '${repositories.get(name)?.url ?? `file://${join('none')}`}'${more} }\n`,
    write: async (...entries: readonly string[]) =>
      writeFile(file, `${TOP}repositories:\n${entries.join('')}`),
    published: async (name: string, link = 'link') =>
      readFile(join('git', name, link, 'file'), 'utf8').catch(() => ''),
    async start(more: readonly string[] = []) {
      const running = await startPillion([...flags, ...more], AS_IMAGE);
      test.onTestFinished(async () => {
        await running.stop();
      });
      const get = async (pathname: string) => {
        const line = await running.waitForLog('"msg":"serving HTTP"');
        return fetch(`http://${/"endpoint":"([^"]+)"/.exec(line)?.[1] ?? ''}${pathname}`);
      };
      return {
        ...running,
        get,
        code: async (pathname: string) => (await get(pathname)).status,
        status: async () => (await (await get('/status')).json()) as Status,
        metrics: async () => (await get('/metrics')).text(),
        ready: async () =>
          waitFor(async () => (await get('/readyz')).status === 200, {
            what: `all to be ready\n${running.stderr()}`,
          }),
      };
    },
  };
}

describe('--config', () => {
  it('syncs each repository into a root of its own, and tells of each and of all', async (test) => {
    const scene = await makeScene(test);
    const one = await scene.repository('one');
    await scene.repository('two');
    await scene.write(scene.entry('one'), scene.entry('two', ', link: other'));
    const sync = await scene.start();
    await sync.ready();
    expect([await scene.published('one'), await scene.published('two', 'other')]).toEqual([
      'one 1\n',
      'two 1\n',
    ]);
    const hash = await one.commit({ file: 'one 2\n' });
    await waitFor(async () => (await scene.published('one')) === 'one 2\n', { what: 'the change' });
    // The pass has some steps to go when its link leads to the new tree.
    await waitFor(async () => (await sync.status()).repositories[0]?.hash === hash, { what: 'its end' });
    expect([await sync.code('/'), await sync.code('/livez'), await sync.code('/readyz/two')]).toEqual([
      200, 200, 200,
    ]);
    expect(await sync.code('/readyz/three')).toBe(404);
    const { ready, repositories } = await sync.status();
    expect(ready).toBe(true);
    expect(repositories).toMatchObject([
      { name: 'one', ready: true, hash, syncCount: 2 },
      { name: 'two', ready: true, syncCount: 1 },
    ]);
    const metrics = await sync.metrics();
    expect(metrics).toContain(`git_sync_published_info{repository="one",hash="${hash}"} 1`);
    expect(metrics).toContain('git_sync_count_total{repository="two",status="success"} 1');
    expect(metrics).toContain('git_sync_ready{repository="one"} 1');
    expect(metrics).toContain('git_sync_repositories 2');
  });

  it('takes a new file while the process runs: what is the same is not disturbed, what is gone stays published', async (test) => {
    const scene = await makeScene(test);
    const names = ['same', 'changed', 'removed', 'added'];
    for (const name of names) {
      await scene.repository(name);
    }
    await scene.write(scene.entry('same'), scene.entry('changed'), scene.entry('removed'));
    const sync = await scene.start();
    await sync.ready();
    const startOf = async (name: string) =>
      (await sync.status()).repositories.find((each) => each['name'] === name)?.['startedAt'];
    const before = [await startOf('same'), await startOf('changed')];

    await scene.write(scene.entry('same'), scene.entry('changed', ', link: another'), scene.entry('added'));
    await sync.waitForLog('"msg":"the configuration was read again"');
    await sync.ready();
    expect(await scene.published('changed', 'another')).toBe('changed 1\n');
    expect(await scene.published('added')).toBe('added 1\n');
    expect(await scene.published('removed')).toBe('removed 1\n');
    expect(await startOf('same')).toBe(before[0]);
    expect(await startOf('changed')).not.toBe(before[1]);
    await waitFor(async () => !(await sync.metrics()).includes('repository="removed"'), {
      what: 'its series to go',
    });
    expect((await sync.status()).repositories.map(({ name }) => name)).toEqual(['same', 'changed', 'added']);
  });

  it('keeps what it has while the file is wrong, and says so in log, metrics and status', async (test) => {
    const scene = await makeScene(test);
    const one = await scene.repository('one');
    await scene.write(scene.entry('one'));
    const sync = await scene.start();
    await sync.ready();
    await writeFile(scene.file, `${TOP}repositories:\n${scene.entry('one', ', perid: 1s')}`);
    await sync.waitForLog('cannot use the new configuration: the one before stays in use');
    expect(await sync.metrics()).toContain('git_sync_config_reload_failed 1');
    expect((await sync.status()).config.lastReload).toMatchObject({
      ok: false,
      error: expect.stringMatching(/config\.yaml:6:\d+: unknown key "perid"/),
    });
    await one.commit({ file: 'one 2\n' });
    await waitFor(async () => (await scene.published('one')) === 'one 2\n', { what: 'the change' });
    await rm(scene.file);
    await waitFor(
      async () => (await sync.metrics()).includes('git_sync_config_reloads_total{result="failure"} 2'),
      { what: 'its absence to be noticed' },
    );
    await scene.write(scene.entry('one', ', ref: main'));
    await waitFor(async () => (await sync.metrics()).includes('git_sync_config_reload_failed 0'), {
      what: 'it to be right again',
    });
    await sync.ready();
  });

  it('stays ready while a repository is opened again that publishes the same as before', async (test) => {
    const scene = await makeScene(test);
    await scene.repository('one');
    const hook = { ONLY: 'none', SECONDS_TO_SLEEP: 0 };
    const { path: git } = await installFake(scene.join('bin'), 'git-slow', hook);
    await scene.write(scene.entry('one'));
    const sync = await scene.start();
    await sync.ready();
    const codes = new Set<number>();
    const from = sync.lines().length;
    await scene.write(scene.entry('one', `, period: 50ms, git: ${git}`));
    await waitFor(
      async () => {
        codes.add(await sync.code('/readyz'));
        codes.add(await sync.code('/'));
        return sync
          .lines()
          .slice(from)
          .some((line) => line.includes('"msg":"next sync"') && line.includes('50ms'));
      },
      { what: 'the next sync', intervalMs: 1 },
    );
    expect([...codes]).toEqual([200]);
  });

  it('notices a ConfigMap that is replaced, and what of it needs a restart', async (test) => {
    const scene = await makeScene(test);
    await scene.repository('one');
    await scene.repository('two');
    // As the kubelet does it: ..data leads to a directory, and is replaced by a rename.
    const put = async (version: string, text: string) => {
      await mkdir(scene.join('map', version), { recursive: true });
      await writeFile(scene.join('map', version, 'config.yaml'), text);
      await symlink(version, scene.join('map', '..next'));
      await rename(scene.join('map', '..next'), scene.join('map', '..data'));
    };
    await put('..1', `${TOP}repositories:\n${scene.entry('one')}`);
    await symlink('..data/config.yaml', scene.join('map', 'config.yaml'));
    const sync = await scene.start([`--config=${scene.join('map', 'config.yaml')}`]);
    await sync.ready();
    await put('..2', `${TOP}group-write: true\nrepositories:\n${scene.entry('one')}${scene.entry('two')}`);
    await waitFor(async () => (await scene.published('two')) === 'two 1\n', { what: 'the new repository' });
    expect((await sync.status()).config.lastReload).toMatchObject({
      ok: true,
      needsRestart: ['group-write'],
    });
  });

  it('does not let one repository hold up another: one hangs, one fails, one cannot be opened', async (test) => {
    const scene = await makeScene(test);
    const good = await scene.repository('good');
    await scene.repository('hangs');
    const { path: slow } = await installFake(scene.join('bin'), 'git-slow', {
      ONLY: 'ls-remote',
      SECONDS_TO_SLEEP: 60,
    });
    await writeFile(scene.join('a-file'), '');
    await scene.write(
      scene.entry('hangs', `, git: ${slow}`),
      scene.entry('fails'),
      scene.entry('shut', `, root: ${scene.join('a-file')}`),
      scene.entry('good'),
    );
    const sync = await scene.start(['--max-concurrent-syncs=2']);
    await waitFor(async () => (await scene.published('good')) === 'good 1\n', { what: sync.stderr() });
    await good.commit({ file: 'good 2\n' });
    await waitFor(async () => (await scene.published('good')) === 'good 2\n', { what: 'the change' });
    expect([await sync.code('/'), await sync.code('/readyz'), await sync.code('/readyz/good')]).toEqual([
      503, 503, 200,
    ]);
    const { repositories } = await sync.status();
    expect(repositories.find(({ name }) => name === 'shut')).toMatchObject({
      ready: false,
      lastError: { code: 'root_not_writable' },
    });
    await rm(scene.join('a-file'));
    await waitFor(
      async () =>
        (await sync.status()).repositories.some(
          ({ name, lastError }) =>
            name === 'shut' && (lastError as { code?: string }).code !== 'root_not_writable',
        ),
      { what: 'the root to be tried again' },
    );
    const { code, signal, durationMs } = await sync.stop();
    expect([code, signal]).toEqual([null, 'SIGTERM']);
    expect(durationMs).toBeGreaterThan(0);
  });

  it('refuses a root that leads to the root of another, and the other goes on', async (test) => {
    const scene = await makeScene(test);
    await scene.repository('one');
    await scene.repository('two');
    await mkdir(scene.join('git', 'two'), { recursive: true });
    await symlink('two', scene.join('git', 'one'));
    await scene.write(scene.entry('one'), scene.entry('two'));
    const sync = await scene.start();
    await sync.waitForLog('"code":"root_shared"');
    await waitFor(async () => (await sync.code('/readyz/two')) === 200, { what: 'the other' });
    expect(await scene.published('two')).toBe('two 1\n');
    expect(await sync.code('/readyz/one')).toBe(503);
    await rm(scene.join('git', 'one'));
    await sync.ready();
    expect(await scene.published('one')).toBe('one 1\n');
  });

  it('refuses a link that leads to the link or the trees of another, and the other goes on', async (test) => {
    const scene = await makeScene(test);
    await Promise.all(['one', 'two', 'three'].map(async (name) => scene.repository(name)));
    await mkdir(scene.join('q'));
    await symlink('q', scene.join('qq'));
    await symlink('git/two', scene.join('alias'));
    const at = (...names: string[]) => `, link: ${scene.join(...names)}`;
    const three = scene.entry('three', at('alias', '.worktrees', 'x'));
    await scene.write(scene.entry('one', at('qq', 'l')), scene.entry('two', at('q', 'l')), three);
    const sync = await scene.start();
    await sync.waitForLog(/"logger":"one".*"code":"link_shared"/);
    await sync.waitForLog(/"logger":"three".*"code":"link_shared"/);
    await waitFor(async () => (await sync.code('/readyz/two')) === 200, { what: 'the other' });
    expect(await readFile(scene.join('q', 'l', 'file'), 'utf8')).toBe('two 1\n');
    expect(await sync.code('/readyz/one')).toBe(503);
  });

  it('publishes two refs from one root, with the objects of both, and is ready again without the server', async (test) => {
    const scene = await makeScene(test);
    const repo = await scene.repository('one');
    await repo.setBranch('dev', 'main');
    const root = `, root: ${scene.join('git', 'both')}`;
    const second = `  - { name: two, repo: '${repo.url}', ref: dev, link: dev${root} }\n`;
    await scene.write(scene.entry('one', `, ref: main, link: main${root}`), second);
    const sync = await scene.start();
    await sync.ready();
    for (const round of [2, 3, 4]) {
      await repo.commit({ file: `one ${round}\n` });
      await waitFor(async () => (await scene.published('both', 'main')) === `one ${round}\n`, {
        what: `round ${round}`,
      });
      expect(await scene.published('both', 'dev')).toBe('one 1\n');
    }
    await sync.stop();
    await rename(scene.join('remotes'), scene.join('away'));
    const again = await scene.start();
    await again.ready();
    expect(path.dirname(await readlink(scene.join('git', 'both', 'dev')))).toBe('.worktrees');
  });

  it('syncs what a push or a request concerns, and waits for the results', async (test) => {
    const scene = await makeScene(test);
    const one = await scene.repository('one');
    const two = await scene.repository('two');
    await writeFile(scene.join('secrets'), `${SECRET}\n`);
    await scene.write(scene.entry('one', ', period: 0s'), scene.entry('two', ', period: 0s, ref: main'));
    const bind = ['--trigger-bind=127.0.0.1:0', `--trigger-secret-file=${scene.join('secrets')}`];
    const sync = await scene.start(bind);
    await sync.ready();
    const line = await sync.waitForLog('"msg":"waiting for requests to sync"');
    const url = `http://${/"endpoint":"([^"]+)"/.exec(line)?.[1]}/`;
    const post = async (query: string, headers: Record<string, string>, body = '') => {
      const answer = await fetch(url + query, { method: 'POST', headers, body });
      return { status: answer.status, ...((await answer.json()) as object) };
    };
    const bearer = { authorization: `Bearer ${SECRET}` };
    const [first, second] = [await one.commit({ file: 'one 2\n' }), await two.commit({ file: 'two 2\n' })];
    expect(await post('?wait=1', bearer)).toMatchObject({
      status: 200,
      outcome: 'synced',
      repositories: { one: { hash: first, changed: true }, two: { hash: second, changed: true } },
    });
    const third = await two.commit({ file: 'two 3\n' });
    expect(await post('?wait=1&repository=two', bearer)).toMatchObject({ status: 200, hash: third });
    expect(await post('?repository=three', bearer)).toMatchObject({ status: 400, outcome: 'malformed' });
    const push = async (ref: string) => {
      const after = await two.commit({ file: 'two 4\n' });
      const repository = { clone_url: two.url, default_branch: 'main' };
      const body = JSON.stringify({ ref, before: third, after, repository });
      const signature = createHmac('sha256', SECRET).update(body).digest('hex');
      const headers = {
        'x-github-event': 'push',
        'x-github-delivery': ref,
        'x-hub-signature-256': `sha256=${signature}`,
      };
      return post('?wait=1', headers, body);
    };
    expect(await push('refs/heads/other')).toMatchObject({
      outcome: 'ignored',
      message: expect.stringMatching(/none of the 2 repositories \(the push is to refs\/heads\/other/),
    });
    expect(await push('refs/heads/main')).toMatchObject({ status: 200, outcome: 'synced', changed: true });
    expect(await scene.published('two')).toBe('two 4\n');
    const syncs = (await sync.status()).repositories.map(({ syncCount }) => syncCount);
    expect(syncs).toEqual([2, 4]);
  });

  it('is ready without the server where one process per repository was before, and leaves nothing behind when it cannot start', async (test) => {
    const scene = await makeScene(test);
    const one = await scene.repository('one');
    const before = [`--repo=${one.url}`, `--root=${scene.join('git', 'one')}`, '--link=link', '--one-time'];
    expect(await runPillion(before, AS_IMAGE)).toMatchObject({ code: 0 });
    await rename(scene.join('remotes'), scene.join('away'));
    await scene.write(scene.entry('one'));
    const sync = await scene.start();
    await sync.ready();
    await sync.stop();
    const keys = `, verify: head, verify-gpg-keyring: ${scene.join('no-keys')}`;
    await scene.write(scene.entry('one', keys));
    const failed = await runPillion([...scene.flags, '--one-time'], AS_IMAGE);
    expect(failed).toMatchObject({ code: 1, leftInTmpDir: [] });
  });

  it('ends with --one-time when each was synced once: with 1 if one was not', async (test) => {
    const scene = await makeScene(test);
    await scene.repository('one');
    await scene.write(scene.entry('one'));
    expect(await runPillion([...scene.flags, '--one-time'], AS_IMAGE)).toMatchObject({
      code: 0,
      leftInTmpDir: [],
    });
    await rm(scene.join('git'), { recursive: true });
    await scene.write(scene.entry('none'), scene.entry('one'));
    const failed = await runPillion([...scene.flags, '--one-time'], AS_IMAGE);
    expect(failed).toMatchObject({ code: 1, leftInTmpDir: [] });
    expect(await scene.published('one')).toBe('one 1\n');
  });

  it('ends when one fails more often than it was said that it may', async (test) => {
    const scene = await makeScene(test);
    await scene.repository('one');
    await scene.write(scene.entry('none', ', max-failures: 2'), scene.entry('one'));
    expect(await runPillion(scene.flags, AS_IMAGE)).toMatchObject({ code: 1, leftInTmpDir: [] });
  });

  it('does not start with a file that is wrong, and says where', async (test) => {
    const scene = await makeScene(test);
    await scene.write(scene.entry('none', ', depth: x'));
    const wrong = await runPillion(scene.flags, AS_IMAGE);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/config\.yaml:6:\d+\): .*x/) });
    await rm(scene.file);
    expect(await runPillion(scene.flags, AS_IMAGE)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ENOENT'),
    });
    await expect(access(scene.join('git'))).rejects.toThrow('ENOENT');
  });
});
