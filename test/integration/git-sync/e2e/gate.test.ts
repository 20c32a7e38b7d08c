/** `--pre-publish`: nothing is published that its commands refuse. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectNoProcess } from '../../../support/processes.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { HOOK_ENVIRONMENT } from './hook-programs.ts';
import { hashOf, makeScene, type OwningTest, type Scene } from './scene.ts';

const options = { env: HOOK_ENVIRONMENT };

/** A line of the shell that writes down how it was called, and refuses a tree with a file `bad`. */
function line(scene: Scene): string {
  const log = scene.join('gate.log');
  const facts = '"$GITSYNC_HASH $GITSYNC_HASH_PREVIOUS $(tr "\\n" , <$GITSYNC_CHANGED_PATHS_FILE) $ENVKEY"';
  return `echo ${facts} >>'${log}'; echo built >made; echo said; ! test -e bad`;
}

const calls = async (scene: Scene) =>
  (await readFile(scene.join('gate.log'), 'utf8').catch(() => '')).split('\n').slice(0, -1);

async function start(test: OwningTest, flags: readonly string[] = []) {
  const scene = await makeScene(test);
  const gate = [`--pre-publish=${line(scene)}`, '--pre-publish-shell'];
  return { scene, sync: await scene.start(['--period=100ms', ...gate, ...flags], options) };
}

describe('--pre-publish', () => {
  it('runs in the new tree before the switch, with both hashes and the changed paths', async (test) => {
    const { scene, sync } = await start(test);
    await sync.synced();
    const first = await hashOf(scene.link);
    expect(await scene.read('made')).toBe('built');
    const second = await scene.repo.commit({ file: 'second\n', 'sub/ä b': 'x\n' });
    await sync.synced();
    expect(await hashOf(scene.link)).toBe(second);
    expect(await calls(scene)).toEqual([`${first}  file, envval`, `${second} ${first} file,sub/ä b, envval`]);
    expect(await sync.waitForLog('"msg":"pre-publish command succeeded"')).toContain('"stdout":"said"');
    expect(await sync.metric('git_sync_hook_run_count_total{name="pre-publish",status="success"}')).toBe(2);
  });

  it('that refuses a commit leaves what is published, is asked again after a while, and at once for the next', async (test) => {
    const { scene, sync } = await start(test);
    await sync.synced();
    const first = await hashOf(scene.link);
    const bad = await scene.repo.commit({ bad: 'x\n' });
    await sync.waitForLog('"failCount":5');
    expect(await hashOf(scene.link)).toBe(first);
    expect(await readdir(path.join(scene.root, '.worktrees'))).toEqual([first]);
    expect((await calls(scene)).filter((call) => call.startsWith(bad))).toHaveLength(1);
    expect(await sync.metric('git_sync_failures_total{reason="pre_publish_failed"}')).toBeGreaterThanOrEqual(
      5,
    );
    const status = (await (await sync.get('/status')).json()) as object;
    expect(status).toMatchObject({
      hash: first,
      lastError: { code: 'pre_publish_failed', message: expect.stringContaining(`${bad} is not published`) },
    });
    const good = await scene.repo.commit({ bad: null });
    await sync.synced();
    expect(await hashOf(scene.link)).toBe(good);
    expect((await calls(scene)).at(-1)).toMatch(new RegExp(`^${good} ${first} `));
  });

  it('ends the process where it was said how many failures may be, and --one-time', async (test) => {
    const { scene, sync } = await start(test, ['--max-failures=2']);
    await sync.synced();
    await scene.repo.commit({ bad: 'x\n' });
    expect(await sync.exit).toMatchObject({ code: 1 });
    expect(await scene.run(['--one-time', '--pre-publish=false'])).toMatchObject({ code: 1 });
    expect(await scene.read()).toBe('first');
  });

  it('takes no longer than its timeout, with all that it has started', async (test) => {
    const scene = await makeScene(test);
    const marker = scene.join('marker');
    const hang = `["sh", "-c", "sleep 600 & echo ${marker}; sleep 600"]`;
    const result = await scene.run(['--one-time', `--pre-publish=${hang}`, '--pre-publish-timeout=1s']);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('context deadline exceeded') });
    expect(result.durationMs).toBeLessThan(20_000);
    await expectNoProcess(marker, 10_000);
  });

  it.each(['rm -r .git', 'rm -r "$PWD"', 'rm -r file .git; ln -s / .git'])(
    'does not publish a tree that a command has damaged: %s',
    async (damage) => {
      const cleanUps: (() => Promise<void>)[] = [];
      const scene = await makeScene({ onTestFinished: (cleanUp) => cleanUps.push(cleanUp) });
      const result = await scene.mustFail(['--one-time', '--pre-publish-shell', `--pre-publish=${damage}`]);
      expect(result.stderr).toContain('after the commands');
      await Promise.all(cleanUps.map((cleanUp) => cleanUp()));
    },
  );

  it('takes arguments as they are, without a shell, one command after the other', async (test) => {
    const scene = await makeScene(test);
    const program = scene.join('program');
    const log = scene.join('log');
    await writeFile(program, `#!/bin/sh\nprintf '%s|' "$@" >>'${log}'\n`, { mode: 0o755 });
    const list = (...args: string[]) => `--pre-publish=${JSON.stringify([program, ...args])}`;
    await scene.once([list('a b', '$HOME', '*'), list(), list('c')]);
    expect(await readFile(log, 'utf8')).toBe('a b|$HOME|*||c|');
    const failing = ['--link=other', list('d'), '--pre-publish=false', list('e')];
    await scene.commit('second');
    expect(await scene.run(['--one-time', ...failing])).toMatchObject({ code: 1 });
    expect(await readFile(log, 'utf8')).toBe('a b|$HOME|*||c|d|');
  });

  it('sees no secret, and its output is bounded', async (test) => {
    const scene = await makeScene(test);
    const secret = 'the-password-of-nobody';
    const flood = 'env >&2; head -c 3000000 /dev/zero | tr "\\0" x; exit 1';
    const env = { ...HOOK_ENVIRONMENT, GITSYNC_PASSWORD: secret, GITSYNC_USERNAME: 'me' };
    const result = await scene.run(['--one-time', '--pre-publish-shell', `--pre-publish=${flood}`, '-v=0'], {
      env,
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('ENVKEY=envval');
    expect(result.stderr).not.toContain(secret);
    expect(result.stderr.length).toBeLessThan(40_000);
  });

  it('is asked again about a commit once its time has come', async (test) => {
    const { scene, sync } = await start(test);
    await sync.synced();
    await scene.repo.commit({ bad: 'x\n' });
    const again = async () => (await calls(scene)).length >= 3;
    await waitFor(again, { what: 'the second try, ten seconds after the first', timeoutMs: 30_000 });
  });
});
