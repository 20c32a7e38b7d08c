import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { makeScene } from './scene.ts';

describe.concurrent('until the first success', () => {
  it('--init-period is the time between two tries (init_period_faster_initial_sync)', async (test) => {
    const scene = await makeScene(test);
    const broken = scene.join('broken');
    await writeFile(broken, '');
    const { path } = await installFake(scene.join('bin'), 'git-fail', { ONLY: 'fetch', WHILE: broken });
    const sync = await scene.start([
      `--git=${path}`,
      '--period=100s',
      '--init-period=100ms',
      '--init-max-failures=-1',
    ]);
    await sync.waitForLog('"failCount":2');
    await rm(broken);
    await sync.synced();
    expect(await scene.read()).toBe('first');
    await sync.waitForLog('"msg":"initial sync complete, switching');
    expect(await sync.waitForLog(/"msg":"next sync","waitTime":"1m40s"/)).toContain('"syncCount":1');
  });

  it('--init-max-failures ends it though --max-failures never would (init_max_failures_exceeded)', async (test) => {
    const scene = await makeScene(test);
    const { stderr } = await scene.mustFail([
      '--ref=does-not-exist',
      '--period=10ms',
      '--max-failures=-1',
      '--init-max-failures=3',
    ]);
    expect(stderr).toMatch(/"msg":"too many failures, aborting".*"failCount":3/);
    expect(stderr.match(/"msg":"error syncing repo, will retry"/g)).toHaveLength(2);
  });
});

describe.concurrent('after the first success', () => {
  it('--max-failures counts failures in a row, and a success starts the count over', async (test) => {
    const scene = await makeScene(test);
    // Pass by pass, so that none comes before the test is ready for it.
    const sync = await scene.start([
      '--period=100s',
      '--sync-on-signal=HUP',
      '--max-failures=3',
      '--init-max-failures=1',
    ]);
    const failTwice = async () => {
      for (const count of [1, 2]) {
        const from = sync.lines().length;
        sync.signal('SIGHUP');
        await sync.waitForLog(`"failCount":${count}`, { from });
      }
    };
    await sync.synced();
    await scene.repo.deleteBranch(scene.repo.branch);
    await failTwice();
    await scene.commit('back again');
    sync.signal('SIGHUP');
    await sync.synced();
    expect(await scene.read()).toBe('back again');
    await sync.waitForLog('"msg":"resetting failure count"');
    await scene.repo.deleteBranch(scene.repo.branch);
    await failTwice();
    sync.signal('SIGHUP');
    expect(await sync.exit).toMatchObject({ code: 1 });
    expect(sync.stderr()).toMatch(/"msg":"too many failures, aborting".*"failCount":3,"maxFailures":3/);
    expect(await scene.read()).toBe('back again');
  });
});
