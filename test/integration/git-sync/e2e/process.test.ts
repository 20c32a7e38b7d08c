import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { useProgramsForOthers } from '../../../support/for-others.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { PILLION } from '../../../support/pillion.ts';
import { runProgram, tryProgram } from '../../../support/run-program.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { writeProgram } from '../safety/support.ts';
import { makeScene, type OwningTest, type Scene } from './scene.ts';

const works = (command: string, ...args: readonly string[]) => spawnSync(command, args).status === 0;
/** A container's root may lack what namespaces take. */
const hasNamespaces = works('unshare', '--mount', '--pid', '--fork', '--mount-proc', 'true');
const canBeAnother = works('setpriv', '--reuid=12345', '--regid=12345', '--clear-groups', 'true');
const programsForOthers = useProgramsForOthers();

describe('a signal', () => {
  const DEADLY = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  it.for(DEADLY)('%s ends it by that signal', async (name, test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=100s']);
    await sync.waitForLog('"msg":"next sync"');
    sync.signal(name);
    expect(await sync.exit).toMatchObject({ code: null, signal: name });
  });

  it('SIGINT ends it with 0 when a pinned commit is published', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start([`--ref=${await scene.repo.hash()}`]);
    await sync.waitForLog('no further sync needed');
    sync.signal('SIGINT');
    expect(await sync.exit).toMatchObject({ code: 0, signal: null });
  });

  it('SIGUSR1 ends it, and opens no debugger', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=100s']);
    await sync.waitForLog('"msg":"next sync"');
    sync.signal('SIGUSR1');
    expect((await sync.exit).signal).not.toBeNull();
    expect(sync.stderr()).not.toContain('Debugger listening');
  });

  it('for a sync that comes while one runs starts another one right after it', async (test) => {
    const scene = await makeScene(test, '1');
    const slow = { ONLY: 'fetch', SECONDS_TO_SLEEP: 1 };
    const { path: git } = await installFake(scene.join('bin'), 'git-slow', slow);
    const sync = await scene.start([`--git=${git}`, '--period=100s', '--sync-on-signal=USR1']);
    await sync.waitForLog('"msg":"fetching"');
    sync.signal('SIGUSR1');
    sync.signal('SIGUSR1');
    const said = (message: string) => sync.lines().filter((line) => line.includes(`"msg":"${message}"`));
    await waitFor(() => said('next sync').length > 1, { what: 'a second pass' });
    // Two signals in one pass are one more pass.
    expect(said('caught signal').length).toBeGreaterThan(0);
    expect(said('syncing')).toHaveLength(2);
  });

  it.for(['TERM', 'INT', 'HUP'])('for a sync is for nothing else, even SIG%s', async (name, test) => {
    const scene = await makeScene(test, '1');
    const sync = await scene.start(['--period=100s', `--sync-on-signal=${name}`]);
    await sync.synced();
    await sync.waitForLog('"msg":"next sync"');
    await scene.commit('2');
    sync.signal(`SIG${name}` as NodeJS.Signals);
    await sync.synced();
    expect(await scene.read()).toBe('2');
    // Without a debugger to open, this one asks for the end by whatever ends it.
    sync.signal('SIGUSR1');
    const deadly = name === 'TERM' ? 'SIGINT' : 'SIGTERM';
    expect(await sync.exit).toMatchObject({ code: null, signal: deadly });
  });

  it('for a sync cuts the wait after a failure short', async (test) => {
    const scene = await makeScene(test);
    const flags = ['--period=100s', '--ref=later', '--max-failures=-1', '--sync-on-signal=HUP'];
    const sync = await scene.start(flags);
    await sync.waitForLog('"failCount":1');
    await scene.repo.setBranch('later');
    await sync.waitForLog('"msg":"next sync"');
    sync.signal('SIGHUP');
    await sync.synced();
    expect(await scene.read()).toBe('first');
  });
});

describe('hooks while nothing more is to be synced', () => {
  it('are repeated until they succeed', async (test) => {
    const scene = await makeScene(test);
    const runs = scene.join('runs');
    const hook = await installFake(scene.join('bin'), 'hook-record', { OUTPUT: runs, FAILURES: 1, CODE: 1 });
    const sync = await scene.start([
      `--ref=${await scene.repo.hash()}`,
      `--exechook-command=${hook.path}`,
      '--exechook-backoff=1s',
    ]);
    await sync.waitForLog('"msg":"exechook succeeded"');
    expect((await readFile(runs, 'utf8')).trim().split('\n')).toHaveLength(2);
  });
});

/** Starts the program by way of another one, in the environment of an image. */
async function through(scene: Scene, wrapper: readonly string[], flags: readonly string[]) {
  const name = scene.join('git-sync');
  await symlink(PILLION, name).catch(() => {});
  const usual = [`--repo=${scene.repo.url}`, `--root=${scene.root}`, '--link=link', '-v=3', ...flags];
  const [command = '', ...rest] = wrapper;
  const env = { PATH: process.env['PATH'], HOME: '/', TMPDIR: scene.join('tmp') };
  await mkdir(scene.join('tmp'), { recursive: true });
  return { command, args: [...rest, name, ...usual], env };
}

describe.runIf(hasNamespaces)('as process 1', () => {
  const wrapper = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

  it('it works, and says so', async (test) => {
    const scene = await makeScene(test);
    const { command, args, env } = await through(scene, wrapper, ['--one-time']);
    const result = await tryProgram(command, args, { env });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(result.stderr).toContain('detected pid 1');
    expect(await scene.read()).toBe('first');
  });

  const CODES = [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const;
  it.for(CODES)('%s ends it with %i', async ([name, code], test) => {
    const scene = await makeScene(test);
    const script = await writeProgram(scene.join('start.sh'), `"$@" & wait "$!"; echo "ended $?"`);
    const ended = scene.join('ended');
    // The shell stays outside: it sees how unshare ends, which ends as process 1 does.
    const { command, args, env } = await through(
      scene,
      [script, ...wrapper],
      ['--period=100s', `--touch-file=${ended}`],
    );
    const result = tryProgram(command, args, { env });
    await waitFor(async () => readFile(ended, 'utf8').then(() => true), { what: 'the first sync' });
    const pids = (await runProgram('pgrep', ['-f', '--', `git-sync --repo=${scene.repo.url}`])).split('\n');
    // One is process 1 of its namespace; the others are unshare and the shell.
    const first = pids.find((pid) => /^NSpid:.*\s1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
    process.kill(Number(first), name);
    expect((await result).stdout).toContain(`ended ${code}`);
  });
});

/** A directory that anybody may use: those of the tests are private. */
async function publicDirectory(test: OwningTest): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'pillion-e2e-public-'));
  test.onTestFinished(async () => rm(dir, { recursive: true, force: true }));
  return dir;
}

describe.runIf(canBeAnother)('as a user that no passwd file knows', () => {
  it('it syncs, --add-user or not, and /etc/passwd stays as it is', async (test) => {
    const scene = await makeScene(test);
    const dir = await publicDirectory(test);
    await chown(dir, 12_345, 12_345);
    const repo = await scene.repo.mirror(path.join(dir, 'repo'));
    await chown(repo.path, 0, 0);
    const { pillion, PATH } = await programsForOthers();
    await symlink(pillion, scene.join('git-sync'));
    await runProgram('chmod', ['-R', 'a+rX', dir]);
    await runProgram('chmod', ['a+x', scene.join()]);
    const before = await readFile('/etc/passwd', 'utf8');
    for (const flag of ['--add-user', '--add-user=false']) {
      const own = [`--repo=${repo.url}`, `--root=${dir}/root`, '--one-time', flag];
      const wrapper = ['setpriv', '--reuid=12345', '--regid=12345', '--clear-groups'];
      const { command, args, env } = await through(scene, wrapper, own);
      const result = await tryProgram(command, args, { env: { ...env, PATH, TMPDIR: dir }, cwd: dir });
      expect(result, result.stderr).toMatchObject({ code: 0 });
      expect(await readFile(path.join(dir, 'root', 'link', 'file'), 'utf8')).toBe('first\n');
    }
    expect(await readFile('/etc/passwd', 'utf8')).toBe(before);
  });
});

describe.runIf(hasNamespaces)('--cookie-file', () => {
  it('is sent to the server from its fixed place', async (test) => {
    const scene = await makeScene(test);
    const server = await startHttpGitServer({ root: scene.join() });
    test.onTestFinished(async () => server.stop());
    const cookie = scene.join('cookie_file');
    const fields = ['127.0.0.1', 'FALSE', '/', 'FALSE', '2147483647', 'session', 'from-the-file'];
    await writeFile(cookie, `${fields.join('\t')}\n`);
    // In a mount namespace of its own: the place is below /etc, which is not the tests' to change.
    const script = await writeProgram(
      scene.join('with-cookie.sh'),
      [
        'set -e',
        `mkdir '${scene.join('etc')}'`,
        `cp -a /etc/. '${scene.join('etc')}'`,
        `mkdir -p '${scene.join('etc')}/git-secret'`,
        `cp '${cookie}' '${scene.join('etc')}/git-secret/cookie_file'`,
        `mount --bind '${scene.join('etc')}' /etc`,
        'exec "$@"',
      ].join('\n'),
    );
    const { command, args, env } = await through(
      scene,
      ['unshare', '--mount', script],
      [`--repo=${server.repositoryUrl('repo')}`, '--cookie-file', '--one-time'],
    );
    const result = await tryProgram(command, args, { env });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(await scene.read()).toBe('first');
    expect(server.requests.every(({ headers }) => headers.cookie === 'session=from-the-file')).toBe(true);
  });
});
