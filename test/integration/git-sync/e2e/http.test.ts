import { describe, expect, it } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeScene } from './scene.ts';

describe('--http-bind', () => {
  it('says 503 while the first fetch runs and 200 after it (expose_http)', async (test) => {
    const scene = await makeScene(test);
    const slow = { ONLY: 'fetch', SECONDS_TO_SLEEP: 1 };
    const { path } = await installFake(scene.join('bin'), 'git-slow', slow);
    const sync = await scene.start([`--git=${path}`, '--period=100ms']);
    const before = await sync.get('/');
    expect(before.status).toBe(503);
    expect(await before.text()).toContain('repo is not ready');
    expect(before.headers.get('content-type')).toContain('text/plain');
    await sync.synced();
    const after = await sync.get('/');
    expect([after.status, await after.text()]).toEqual([200, '']);
    expect((await sync.get('/metrics')).status).toBe(200);
    expect((await sync.get('/debug/pprof/')).status).toBe(200);
  });

  it('says 200 after a restart that finds nothing new (expose_http_after_restart)', async (test) => {
    const scene = await makeScene(test);
    await scene.once();
    const sync = await scene.start();
    await sync.waitForLog('"msg":"next sync"');
    expect((await sync.get('/')).status).toBe(200);
    expect(await scene.read()).toBe('first');
    expect(await sync.counts()).toEqual({ syncs: 1, fetches: 1 });
  });

  it('answers every method and every other path like /, and stays ready whatever fails later', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=50ms', '--max-failures=-1']);
    await sync.synced();
    await scene.repo.deleteBranch(scene.repo.branch);
    await sync.waitForLog('"failCount":2');
    for (const [pathname, method] of [
      ['/', 'POST'],
      ['/', 'HEAD'],
      ['/', 'DELETE'],
      ['/any/thing?else', 'GET'],
    ] as const) {
      const answer = await sync.get(pathname, { method });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    }
  });

  it('shows neither metrics nor pprof unless they are asked for', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--http-metrics=false', '--http-pprof=false']);
    await sync.synced();
    for (const pathname of ['/metrics', '/debug/pprof/']) {
      const answer = await sync.get(pathname);
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    }
  });

  it('that cannot be bound ends the start with 1', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start();
    await sync.waitForLog('"msg":"serving HTTP"');
    const port = new URL((await sync.get('/')).url).port;
    const result = await scene.run([`--http-bind=127.0.0.1:${port}`, `--root=${scene.join('other')}`]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining(port) });
  });
});

describe('a first sync that fails', () => {
  it('is answered with 503, counted as an error, and ready with the first success', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--ref=later', '--period=50ms', '--init-max-failures=-1']);
    await sync.waitForLog('"failCount":2');
    expect((await sync.get('/')).status).toBe(503);
    expect(await sync.metric('git_sync_count_total{status="error"}')).toBeGreaterThan(1);
    expect(await sync.metric('git_sync_count_total{status="success"}')).toBeUndefined();
    await scene.repo.setBranch('later');
    await sync.synced();
    expect((await sync.get('/')).status).toBe(200);
    expect(await sync.counts()).toEqual({ syncs: 1, fetches: 1 });
  });
});

describe('the metrics', () => {
  it('have the names, labels and types that dashboards of git-sync use', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=50ms', '--max-failures=-1']);
    await sync.synced();
    await sync.passes();
    await scene.repo.setBranch('kept');
    await scene.repo.deleteBranch(scene.repo.branch);
    await sync.waitForLog('"failCount":1');
    const answer = await sync.get('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    expect(text).toContain('# TYPE git_sync_count_total counter\n');
    expect(text).toContain('# TYPE git_sync_duration_seconds summary\n');
    expect(text).toContain('# TYPE git_fetch_count_total counter\n');
    expect(text).toMatch(/^git_sync_count_total\{status="success"\} 1$/m);
    expect(text).toMatch(/^git_fetch_count_total 1$/m);
    for (const status of ['error', 'noop']) {
      expect(text).toMatch(new RegExp(`^git_sync_count_total\\{status="${status}"\\} [1-9]`, 'm'));
    }
    for (const part of ['sum', 'count']) {
      for (const status of ['success', 'error', 'noop']) {
        expect(text).toMatch(new RegExp(`^git_sync_duration_seconds_${part}\\{status="${status}"\\} `, 'm'));
      }
    }
    expect(text).not.toContain('quantile');
    for (const family of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'process_open_fds']) {
      expect(text).toMatch(new RegExp(`^${family} `, 'm'));
    }
  });

  it('show 0 updates before the first sync, and no series that nothing has happened in', async (test) => {
    const scene = await makeScene(test);
    const slow = { ONLY: 'fetch', SECONDS_TO_SLEEP: 1 };
    const { path } = await installFake(scene.join('bin'), 'git-slow', slow);
    const sync = await scene.start([`--git=${path}`]);
    expect(await sync.metric('git_fetch_count_total')).toBe(0);
    const text = await (await sync.get('/metrics')).text();
    expect(text).not.toMatch(/^git_sync_(count|hook|askpass|refresh)/m);
  });

  it('tell also what git-sync does not: the published hash and when it last worked', async (test) => {
    const scene = await makeScene(test, '1');
    const sync = await scene.start(['--period=50ms']);
    await sync.synced();
    const first = await scene.repo.hash();
    expect(await sync.metric(`git_sync_published_info{hash="${first}"}`)).toBe(1);
    const second = await scene.commit('2');
    await sync.synced();
    expect(await sync.metric(`git_sync_published_info{hash="${first}"}`)).toBeUndefined();
    expect(await sync.metric(`git_sync_published_info{hash="${second}"}`)).toBe(1);
    const at = await sync.metric('git_sync_last_success_timestamp_seconds');
    await waitFor(async () => (await sync.metric('git_sync_last_success_timestamp_seconds')) !== at, {
      what: 'a later pass without a change to count as a success',
    });
  });
});
