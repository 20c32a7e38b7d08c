import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPillion } from '../../../support/pillion.ts';
import { isThere, makeScene } from './scene.ts';

const asGitSync = { startedAs: 'git-sync' };

/** The messages of a log, in their order. */
function messages(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

describe('the start', () => {
  it('says what git-sync says, in its order', async (test) => {
    const scene = await makeScene(test);
    const { stderr } = await scene.once(['-v=3']);
    const said = messages(stderr);
    const expected = [
      'starting up',
      'serving HTTP',
      'syncing',
      'repo directory was empty or failed checks',
      'initializing repo directory',
      'fetching',
      'update required',
      'adding worktree',
      'reset worktree to hash',
      'creating and renaming symlink',
      'updated successfully',
      'exiting after one sync',
    ];
    expect(said.filter((each) => expected.includes(each))).toEqual(expected);
    expect(said).toContain('git version');
    const [first = ''] = stderr.split('\n');
    expect(JSON.parse(first)).toMatchObject({
      msg: 'starting up',
      version: expect.any(String),
      pid: expect.any(Number),
      uid: process.getuid?.(),
      gid: process.getgid?.(),
      home: expect.any(String),
      flags: { '--repo': scene.repo.url, '--root': scene.root, '--group-write': 'true' },
    });
  });

  it('takes everything from the environment too', async (test) => {
    const scene = await makeScene(test);
    const env = {
      GITSYNC_REPO: scene.repo.url,
      GITSYNC_ROOT: scene.root,
      GITSYNC_REF: scene.repo.branch,
      GITSYNC_ONE_TIME: 'true',
      GITSYNC_GIT_CONFIG: 'protocol.file.allow:always',
    };
    const result = await runPillion([], { ...asGitSync, env });
    expect(result, result.stderr).toMatchObject({ code: 0, stdout: '' });
    // The link is named for the last part of the repository.
    expect(await scene.read(path.join(scene.root, 'repo', 'file'))).toBe('first');
  });

  it('takes the flags and variables of v3 that v4 takes, and says what they are called now', async (test) => {
    const scene = await makeScene(test);
    const flags = [`--repo=${scene.repo.url}`, `--branch=${scene.repo.branch}`, '--dest=link', '--one-time'];
    const result = await runPillion(flags, { ...asGitSync, env: { GIT_SYNC_ROOT: scene.root } });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(await scene.read()).toBe('first');
    const [note = '', ...rest] = result.stderr.split('\n');
    const notes = [note, ...rest].filter((line) => line !== '' && !line.startsWith('{'));
    expect(notes.join('\n')).toContain('env $GIT_SYNC_ROOT has been deprecated, use $GITSYNC_ROOT instead');
    expect(notes.join('\n')).toContain('Flag --branch has been deprecated');
    expect(note.startsWith('{')).toBe(false);
    expect(messages(result.stderr)).toContain('setting --ref from deprecated --branch');
  });

  it('is found by name, or as a command of pillion', async (test) => {
    const scene = await makeScene(test);
    const flags = [`--repo=${scene.repo.url}`, `--root=${scene.root}`, '--link=link', '--one-time'];
    expect(await runPillion(['git-sync', ...flags])).toMatchObject({ code: 0 });
    expect(await scene.read()).toBe('first');
  });
});

describe('a start that cannot be', () => {
  it('ends with 2 for a flag that does not exist: message and usage, and the message on stdout', async () => {
    const result = await runPillion(['--no-such-flag'], asGitSync);
    expect(result).toMatchObject({ code: 2, stdout: 'unknown flag: --no-such-flag\n' });
    expect(result.stderr).toMatch(/^unknown flag: --no-such-flag\n/);
    expect(result.stderr).toContain('--stale-worktree-timeout');
  });

  it('ends with 1 for a setting that does not hold, and says so in the error file', async (test) => {
    const scene = await makeScene(test);
    const result = await scene.run(['--max-failures=-1', '--depth=-5', '--error-file=error.txt']);
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--depth') });
    expect(await scene.read(path.join(scene.root, 'error.txt'))).toContain('--depth');
  });

  it('ends with 1 for a variable that cannot be read, even for --version', async () => {
    const result = await runPillion(['--version'], { ...asGitSync, env: { GITSYNC_DEPTH: 'deep' } });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('FATAL: invalid int env GITSYNC_DEPTH="deep"');
  });

  const OBSTACLES = [
    ['git is not there', ['--git=/no/such/git'], 'git executable not found'],
    ['the cookie file is not there', ['--cookie-file'], '/etc/git-secret/cookie_file'],
    ['the address cannot be bound', ['--http-bind=192.0.2.1:80'], '192.0.2.1'],
  ] as const;
  it.for(OBSTACLES)('ends with 1 and one line of log when %s', async ([, flags, text], test) => {
    const scene = await makeScene(test);
    const result = await scene.mustFail(['-v=0', '--error-file=error.json', ...flags]);
    const last = result.stderr.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ logger: '', error: expect.stringContaining(text) });
    expect(await scene.read(path.join(scene.root, 'error.json'))).toContain(text);
  });

  it('ends with 1 when nothing can be made where the root should be', async (test) => {
    const scene = await makeScene(test);
    const result = await scene.run(['--root=/proc/pillion', '--one-time']);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('root_not_writable') });
  });

  it('ends with 1 when the root is a file', async (test) => {
    const scene = await makeScene(test);
    await writeFile(scene.join('file'), '');
    const result = await scene.run([`--root=${scene.join('file')}`, '--one-time']);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('root_not_writable') });
    expect(await isThere(scene.link)).toBe(false);
  });
});

describe('what is asked for instead of a start', () => {
  const ANSWERS = [
    ['--version', /^v?\d+\.\d+\.\d+\S*\n$/],
    ['--help', /--webhook-success-status/],
    ['-h', /--webhook-success-status/],
    ['--man', /EXECHOOK|exechook/],
  ] as const;
  it.for(ANSWERS)('%s is printed on stdout, with 0', async ([flag, pattern]) => {
    const result = await runPillion([flag], asGitSync);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(pattern);
  });
});
