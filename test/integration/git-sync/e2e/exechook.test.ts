import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { runPillion } from '../../../support/pillion.ts';
import { runProgram } from '../../../support/run-program.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { writeProgram } from '../safety/support.ts';
import { HOOK_ENVIRONMENT, makeHook } from './hook-programs.ts';
import { isThere, makeScene } from './scene.ts';

const options = { env: HOOK_ENVIRONMENT };

describe.concurrent('--exechook-command', () => {
  it('runs in the tree after each change, and is done when the touch-file appears (exechook_success)', async (test) => {
    const scene = await makeScene(test, '1');
    const hook = await makeHook(scene, 'exechook');
    const sync = await scene.start(['--period=100ms', `--exechook-command=${hook.path}`], options);
    await sync.synced();
    expect(await scene.read('exechook')).toBe('1');
    expect(await scene.read('exechook-env')).toBe('ENVKEY=envval');
    expect(await hook.runs()).toEqual([await scene.repo.hash()]);
    await scene.commit('2');
    await sync.synced();
    expect(await scene.read('exechook')).toBe('2');
    expect(await scene.read('exechook-env')).toBe('ENVKEY=envval');
    await sync.passes();
    expect(await hook.runs()).toHaveLength(2);
    expect(await sync.metric('git_sync_hook_run_count_total{name="exechook",status="success"}')).toBe(2);
  });

  it('is repeated after --exechook-backoff when it fails (exechook_fail_retry)', async (test) => {
    const scene = await makeScene(test);
    const hook = await makeHook(scene, 'exechook', { fails: true });
    const flags = ['--period=100ms', `--exechook-command=${hook.path}`, '--exechook-backoff=1s'];
    const sync = await scene.start(flags, options);
    await waitFor(async () => (await hook.runs()).length >= 2, { what: 'a second run' });
    expect(
      await sync.metric('git_sync_hook_run_count_total{name="exechook",status="error"}'),
    ).toBeGreaterThan(0);
    const line = await sync.waitForLog('"msg":"hook failed"');
    expect(JSON.parse(line)).toMatchObject({
      logger: 'exechook',
      hash: await scene.repo.hash(),
      retry: '1s',
      error: expect.stringContaining('exit status 1'),
    });
  });

  it('that floods its output keeps no probe waiting, nor SIGTERM', async (test) => {
    const scene = await makeScene(test, '1');
    const marker = scene.join('flooding');
    const command = await writeProgram(scene.join('flood.sh'), `: > ${marker}; exec yes flood`);
    const sync = await scene.start([
      '--period=100ms',
      `--exechook-command=${command}`,
      '--exechook-timeout=1h',
    ]);
    await waitFor(async () => isThere(marker), { what: 'the flood' });
    const passes = async () => (await sync.metric('git_sync_count_total{status="noop"}')) ?? 0;
    const seen = await passes();
    await waitFor(async () => (await passes()) > seen, { what: 'another pass meanwhile' });
    const asked = performance.now();
    await sync.stop();
    expect(performance.now() - asked).toBeLessThan(25_000);
  });

  it('takes arguments, also from the environment, and a line of the shell', async (test) => {
    const scene = await makeScene(test);
    const out = scene.join('out');
    const command = await writeProgram(scene.join('args.sh'), `printf '%s\\n' "$@" >> '${out}'`);
    await scene.once([
      `--exechook-command=${command}`,
      '--exechook-args=a b',
      '--exechook-args=["c:d", "e"]',
    ]);
    expect(await scene.read(out)).toBe('a b\nc:d\ne');
    await rm(out);
    await scene.once([`--exechook-command=${command}`], { env: { GITSYNC_EXECHOOK_ARGS: '["f:g", "h"]' } });
    expect(await scene.read(out)).toBe('f:g\nh');
    await scene.once([
      `--exechook-command=cat file > ${out} && echo "$1" >> ${out}`,
      '--exechook-shell',
      '--exechook-args=i',
    ]);
    expect(await scene.read(out)).toBe('first\ni');
    const { code, stderr } = await scene.run(['--exechook-args=a']);
    expect(code).toBe(1);
    expect(stderr).toContain('--exechook-command must be specified');
  });

  it('prints into the log with --hook-output, without the secrets that it was given by name', async (test) => {
    const scene = await makeScene(test);
    const env = {
      GITSYNC_PASSWORD: 's3cret-of-the-test',
      GITSYNC_USERNAME: 'u',
      GITSYNC_WEBHOOK_URL: 'http://127.0.0.1:1/x',
    };
    const line =
      'printf "\\033[31m%s|%s\\n" "$GITSYNC_PASSWORD" "$GITSYNC_WEBHOOK_URL"; test -n "$GITSYNC_PASSWORD"';
    const flags = [`--exechook-command=${line}`, '--exechook-shell', '--hook-output'];
    const named = await scene.run(
      ['--one-time', ...flags, '--webhook-url=', '--hook-variables=GITSYNC_PASSWORD'],
      { env },
    );
    expect(named).toMatchObject({ code: 0 });
    expect(named.stderr).toContain('\\u001b[31mREDACTED|"');
    expect(named.stderr).not.toContain('s3cret-of-the-test');
    expect(await scene.run(['--one-time', ...flags, '--webhook-url='], { env })).toMatchObject({ code: 1 });
  });

  it('has the secrets that it was given by name with --config, each repository its own', async (test) => {
    const scene = await makeScene(test);
    const env = { GITSYNC_PASSWORD: 's3cret-of-the-test', GITSYNC_USERNAME: 'u' };
    const file = scene.join('config.yaml');
    const command = `printf "<%s>" "$GITSYNC_PASSWORD" > "${scene.join('told-by-')}$(basename "\${PWD%/.worktrees/*}")"`;
    const entries = [
      `  - { name: a, repo: '${scene.repo.url}', root: '${scene.join('a')}', link: link }`,
      `  - { name: b, repo: '${scene.repo.url}', root: '${scene.join('b')}', link: link, hook-variables: [] }`,
    ];
    const top = [
      'exechook-shell: true',
      `exechook-command: ${JSON.stringify(command)}`,
      'hook-variables: [GITSYNC_PASSWORD]',
      'repositories:',
    ];
    await writeFile(file, [...top, ...entries, ''].join('\n'));
    const { code, stderr } = await runPillion(['git-sync', `--config=${file}`, '--one-time'], { env });
    expect(code, stderr).toBe(0);
    const told = (name: string) => readFile(scene.join(`told-by-${name}`), 'utf8');
    expect([await told('a'), await told('b')]).toEqual(['<s3cret-of-the-test>', '<>']);
  });

  it('is waited for by --one-time (exechook_success_once)', async (test) => {
    const scene = await makeScene(test);
    const hook = await makeHook(scene, 'exechook', { takes: 1 });
    await scene.once([`--exechook-command=${hook.path}`], options);
    expect(await scene.read('exechook')).toBe('first');
    expect(await scene.read('exechook-env')).toBe('ENVKEY=envval');
  });

  it('that fails fails --one-time after its first run, and the data is there (exechook_fail_once)', async (test) => {
    const scene = await makeScene(test);
    const hook = await makeHook(scene, 'exechook', { takes: 0.2, fails: true });
    const flags = ['--one-time', `--exechook-command=${hook.path}`, '--exechook-backoff=1s'];
    expect(await scene.run(flags, options)).toMatchObject({ code: 1 });
    expect(await scene.read()).toBe('first');
    expect(await hook.runs()).toHaveLength(1);
  });

  it('runs once at a start that finds nothing new (exechook_startup_after_crash)', async (test) => {
    const scene = await makeScene(test);
    const ref = `--ref=${scene.repo.branch}`;
    await scene.once([ref]);
    const hook = await makeHook(scene, 'exechook');
    await scene.once([ref, `--exechook-command=${hook.path}`], options);
    expect(await scene.read('exechook')).toBe('first');
    expect(await scene.read('exechook-env')).toBe('ENVKEY=envval');
    expect(await hook.runs()).toHaveLength(1);
  });

  it('can pack the tree with git archive (exechook_git_archive)', async (test) => {
    const scene = await makeScene(test);
    const command = await writeProgram(
      scene.join('archive.sh'),
      'git archive --format tar.gz --output archive.tgz HEAD',
    );
    await scene.once([`--exechook-command=${command}`]);
    const archive = path.join(scene.link, 'archive.tgz');
    expect(await runProgram('tar', ['-tzf', archive])).toBe('file');
  });
});

describe.concurrent('how an exechook is run', () => {
  it('with no arguments, an empty stdin, and the tree as its directory', async (test) => {
    const scene = await makeScene(test);
    const command = await writeProgram(
      scene.join('tell.sh'),
      `{ pwd -P; echo "arguments $#"; echo "stdin $(cat | wc -c)"; } >'${scene.join('told')}'`,
    );
    await scene.once([`--exechook-command=${command}`], { input: 'not for hooks' });
    const tree = path.join(scene.root, '.worktrees', await scene.repo.hash());
    expect(await scene.read(scene.join('told'))).toBe(`${tree}\narguments 0\nstdin 0`);
  });

  it('from PATH when its name has no slash', async (test) => {
    const scene = await makeScene(test);
    await writeProgram(scene.join('bin', 'my-hook'), 'echo ran >hook-ran');
    const env = { PATH: `${scene.join('bin')}:${process.env['PATH']}` };
    await scene.once(['--exechook-command=my-hook'], { env });
    expect(await scene.read('hook-ran')).toBe('ran');
  });

  it('relative to the tree when its path has a slash', async (test) => {
    const scene = await makeScene(test);
    await scene.repo.commit({ 'bin/hook': { executable: '#!/bin/sh\necho ran >hook-ran\n' } });
    await scene.once(['--exechook-command=bin/hook']);
    expect(await scene.read('hook-ran')).toBe('ran');
  });

  it('as one executable: a command with arguments is not found, and the error says so', async (test) => {
    const scene = await makeScene(test);
    const { code, stderr } = await scene.run(['--one-time', '--exechook-command=touch ran']);
    expect(code).toBe(1);
    expect(stderr).toContain('"msg":"hook failed"');
    expect(stderr).toContain('one executable without arguments');
    expect(await isThere(path.join(scene.link, 'ran'))).toBe(false);
  });

  it('with its output in the log, and in the error when it fails', async (test) => {
    const scene = await makeScene(test);
    const good = await writeProgram(scene.join('good.sh'), 'echo all is well');
    const { stderr } = await scene.once([`--exechook-command=${good}`]);
    expect(stderr).toMatch(/"msg":"exechook succeeded".*all is well/);
    const bad = await writeProgram(scene.join('bad.sh'), 'echo it hurts >&2; exit 3');
    const failed = await scene.run(['--one-time', '-v=0', `--exechook-command=${bad}`]);
    expect(failed.stderr).toMatch(/"msg":"hook failed","error":"Run\(.*exit status 3.*it hurts/);
  });
});

describe.concurrent('the mailbox of a hook', () => {
  it('holds one: after a slow run only the newest hash is run', async (test) => {
    const scene = await makeScene(test, '1');
    const gate = scene.join('gate');
    const hook = await makeHook(scene, 'exechook', { gate });
    const first = await scene.repo.hash();
    const flags = ['--period=50ms', `--exechook-command=${hook.path}`];
    const sync = await scene.start(flags, options);
    await sync.synced();
    await scene.commit('2');
    await sync.synced();
    const newest = await scene.commit('3');
    await sync.synced();
    expect(await hook.runs()).toEqual([first]);
    await writeFile(gate, '');
    await sync.waitForLog(new RegExp(`"msg":"exechook succeeded","hash":"${newest}"`));
    expect(await hook.runs()).toEqual([first, newest]);
  });

  it('is told of each switch, also back to a hash it had before', async (test) => {
    const scene = await makeScene(test, '1');
    const hook = await makeHook(scene, 'exechook');
    const first = await scene.repo.hash();
    const sync = await scene.start(['--period=50ms', `--exechook-command=${hook.path}`], options);
    const runs = async (count: number) => {
      await sync.synced();
      await waitFor(async () => (await hook.runs()).length === count, { what: `run ${count}` });
    };
    await runs(1);
    const second = await scene.commit('2');
    await runs(2);
    await scene.moveBack();
    await runs(3);
    expect(await hook.runs()).toEqual([first, second, first]);
  });

  it('is not told again of a hash that it has done, though its tree was made again', async (test) => {
    const scene = await makeScene(test);
    const hook = await makeHook(scene, 'exechook');
    const sync = await scene.start(['--period=50ms', `--exechook-command=${hook.path}`], options);
    await sync.synced();
    await sync.paused(async () => rm(path.join(scene.root, '.worktrees'), { recursive: true }));
    await sync.synced();
    await sync.passes();
    expect(await scene.read()).toBe('first');
    expect(await hook.runs()).toHaveLength(1);
  });

  it('replaces a hash that keeps failing by a newer one', async (test) => {
    const scene = await makeScene(test, '1');
    const command = await writeProgram(
      scene.join('picky.sh'),
      `echo "$GITSYNC_HASH" >>'${scene.join('picky.log')}'; test "$(cat file)" = 2`,
    );
    const first = await scene.repo.hash();
    const sync = await scene.start([
      '--period=50ms',
      `--exechook-command=${command}`,
      '--exechook-backoff=1s',
    ]);
    await sync.waitForLog('"msg":"hook failed"');
    await sync.synced();
    const second = await scene.commit('2');
    await sync.waitForLog('"msg":"exechook succeeded"');
    // A slow machine may repeat the first once more before the second has come.
    const hashes = (await scene.read(scene.join('picky.log'))).split('\n');
    expect([...new Set(hashes)]).toEqual([first, second]);
    expect(hashes.filter((hash) => hash === second)).toHaveLength(1);
  });
});
