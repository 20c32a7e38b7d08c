import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../support/wait-for.ts';
import { HOOK_ENVIRONMENT, makeHook } from './hook-programs.ts';
import { makeScene } from './scene.ts';

const options = { env: HOOK_ENVIRONMENT };
const command = (path: string) => `--pre-publish-exechook-command=${path}`;

describe.concurrent('--pre-publish-exechook-command', () => {
  it('runs in the new tree at each change (pre_publish_exechook_success)', async (test) => {
    const scene = await makeScene(test, '1');
    const hook = await makeHook(scene, 'pre-publish');
    const first = await scene.repo.hash();
    const sync = await scene.start(['--period=100ms', command(hook.path)], options);
    await sync.synced();
    expect(await scene.read('pre-publish')).toBe('1');
    expect(await scene.read('pre-publish-env')).toBe('ENVKEY=envval');
    const second = await scene.commit('2');
    await sync.synced();
    expect(await scene.read('pre-publish')).toBe('2');
    await sync.passes();
    expect(await hook.runs()).toEqual([first, second]);
    const sample = 'git_sync_hook_run_count_total{name="pre-publish-exechook",status="success"}';
    expect(await sync.metric(sample)).toBe(2);
  });

  it('is repeated when it fails, and what it was for is published all the same (pre_publish_exechook_fail_retry)', async (test) => {
    const scene = await makeScene(test);
    const hook = await makeHook(scene, 'pre-publish', { fails: true });
    const flags = ['--period=100ms', command(hook.path), '--pre-publish-exechook-backoff=1s'];
    const sync = await scene.start(flags, options);
    await waitFor(async () => (await hook.runs()).length >= 2, { what: 'a second run' });
    expect(await scene.read()).toBe('first');
    expect(await sync.waitForLog('"msg":"hook failed"')).toContain('"logger":"pre-publish-exechook"');
  });

  it('is waited for by --one-time (pre_publish_exechook_success_once)', async (test) => {
    const scene = await makeScene(test);
    const hook = await makeHook(scene, 'pre-publish', { takes: 1 });
    await scene.once([command(hook.path)], options);
    expect(await scene.read('pre-publish')).toBe('first');
    expect(await scene.read('pre-publish-env')).toBe('ENVKEY=envval');
  });

  it('that fails fails --one-time after its first run, and the data is there (pre_publish_exechook_fail_once)', async (test) => {
    const scene = await makeScene(test);
    const hook = await makeHook(scene, 'pre-publish', { takes: 0.2, fails: true });
    const flags = ['--one-time', command(hook.path), '--pre-publish-exechook-backoff=1s'];
    expect(await scene.run(flags, options)).toMatchObject({ code: 1 });
    expect(await scene.read()).toBe('first');
    expect(await hook.runs()).toHaveLength(1);
  });

  it('does not run at a start that finds nothing new (pre_publish_exechook_startup_after_crash)', async (test) => {
    const scene = await makeScene(test);
    await scene.once();
    const hook = await makeHook(scene, 'pre-publish');
    await scene.once([command(hook.path)], options);
    expect(await scene.read()).toBe('first');
    expect(await hook.runs()).toEqual([]);
  });
});
