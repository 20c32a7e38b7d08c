import { describe, expect, it } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { makeScene } from './scene.ts';

describe('a slow git', () => {
  it('fails the sync when it takes longer than --sync-timeout (error_slow_git_short_timeout)', async (test) => {
    const scene = await makeScene(test);
    const slow = { ONLY: 'fetch', SECONDS_TO_SLEEP: 60 };
    const { path } = await installFake(scene.join('bin'), 'git-slow', slow);
    const result = await scene.mustFail(['--one-time', `--git=${path}`, '--sync-timeout=1s']);
    expect(result.stderr).toContain('context deadline exceeded');
    expect(result.durationMs).toBeLessThan(30_000);
  });

  it('is waited for when --sync-timeout is long (sync_slow_git_long_timeout)', async (test) => {
    const scene = await makeScene(test, '1');
    const slow = { ONLY: 'fetch', SECONDS_TO_SLEEP: 1 };
    const { path } = await installFake(scene.join('bin'), 'git-slow', slow);
    const sync = await scene.start([`--git=${path}`, '--period=100ms', '--sync-timeout=16s']);
    await sync.synced();
    expect(await scene.read()).toBe('1');
    expect(await sync.counts()).toEqual({ syncs: 1, fetches: 1 });
    await scene.commit('2');
    await sync.synced();
    expect(await scene.read()).toBe('2');
    expect(await sync.counts()).toEqual({ syncs: 2, fetches: 2 });
  });
});

describe('a published tree', () => {
  it('stays while every later sync fails, and git-sync says how often', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=20ms', '--max-failures=4']);
    await sync.synced();
    await scene.repo.deleteBranch(scene.repo.branch);
    expect(await sync.exit).toMatchObject({ code: 1 });
    for (const count of [1, 2, 3]) {
      expect(sync.stderr()).toMatch(
        new RegExp(`"msg":"error syncing repo, will retry","error":"Run.*"failCount":${count}`),
      );
    }
    expect(sync.stderr()).toMatch(/"msg":"too many failures, aborting".*"failCount":4,"maxFailures":4/);
    expect(await scene.read()).toBe('first');
  });
});
