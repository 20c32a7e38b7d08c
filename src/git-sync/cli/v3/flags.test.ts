import { describe, expect, it } from 'vitest';
import type { GitSyncSettings } from '../../settings.ts';
import { REPO, taken, V3, v3 } from '../testing/parse.ts';
import type { Expected } from '../testing/row.ts';
import { rows, WEB } from '../testing/v3-rows.ts';

function expectSettings(settings: GitSyncSettings, expected: Expected): void {
  const picked = Object.fromEntries(
    Object.keys(expected).map((key) => [key, settings[key as keyof GitSyncSettings]]),
  );
  expect(picked).toEqual(expected);
}

describe.each(rows)('v3 -$flag', ({ flag, value, expected, fallback, env = [], also = [] }) => {
  it('is read from the command line with one dash or two', () => {
    expectSettings(v3([...also, `-${flag}=${value}`]), expected);
    expectSettings(v3([...also, `--${flag}=${value}`]), expected);
  });

  it.each(env)('is read from $%s, which the command line overrides', (name) => {
    expectSettings(v3(also, { [name]: value }), expected);
    // An unreadable variable would count as not set; another value of the right type must lose.
    const other = { true: 'false', false: 'true' }[value] ?? (/^-?\d/.test(value) ? '99' : 'other');
    expectSettings(v3([...also, `-${flag}=${value}`], { [name]: other }), expected);
  });

  it.runIf(Object.keys(fallback).length > 0).each(env)('counts an empty $%s as not set', (name) => {
    expectSettings(v3(also, { [name]: '' }), fallback);
  });
});

describe('v3 -root', () => {
  const argv = [`-repo=${REPO}`];

  it('is read from flag and variable', () => {
    expect(taken({ argv: [...argv, '-root=/flag'], env: { GIT_SYNC_ROOT: '/env' } }).settings.root).toBe(
      '/flag',
    );
    expect(taken({ argv, env: { GIT_SYNC_ROOT: '/env' } }).settings.root).toBe('/env');
  });

  it('is $HOME/git by default, whatever v4 variable the image sets', () => {
    expect(taken({ argv, env: { HOME: '/tmp', GITSYNC_ROOT: '/git' } }).settings.root).toBe('/tmp/git');
    expect(taken({ argv, env: {} }).settings.root).toBe('/git');
  });
});

describe('v3 flags that are special', () => {
  it('reads the repository from $GIT_SYNC_REPO', () => {
    expect(taken({ argv: ['-root=/r'], env: { GIT_SYNC_REPO: REPO } }).settings.repo).toBe(REPO);
  });

  it('counts failures as v3 does: N are tolerated, and -1 is forever', () => {
    expect(v3(['-max-sync-failures=0']).maxFailures).toBe(1);
    expect(v3(['-max-sync-failures=1']).maxFailures).toBe(2);
    expect(v3(['-max-sync-failures=-1'])).toMatchObject({ maxFailures: -1, initMaxFailures: -1 });
  });

  it('lets -rev and -branch stand together, and takes an empty -rev for HEAD', () => {
    expect(v3(['-branch=b', '-rev=v1']).follow).toEqual({ kind: 'branch', branch: 'b', rev: 'v1' });
    expect(v3(['-rev=']).follow).toMatchObject({ rev: 'HEAD' });
  });

  it('reads -change-permissions in any base', () => {
    expect(
      ['0755', '0o755', '0x1ed', '493'].map((mode) => v3([`-change-permissions=${mode}`]).changePermissions),
    ).toEqual([493, 493, 493, 493]);
  });

  it('cuts -wait to whole milliseconds, and never polls without a pause', () => {
    expect(v3(['-wait=1.9999']).periodMs).toBe(1999);
    expect(v3(['-wait=0']).periodMs).toBe(10);
  });

  it('never lets a webhook status match that is asked to be 0', () => {
    expect(v3([...WEB, '-webhook-success-status=0']).webhook?.successStatus).toBe(-1);
  });

  it('wants the files of -ssh to exist, and none without it', () => {
    expect(v3(['-ssh']).mustExist?.map((file) => file.path)).toEqual([
      '/etc/git-secret/ssh',
      '/etc/git-secret/known_hosts',
    ]);
    expect(v3(['-ssh', '-ssh-known-hosts=false']).mustExist?.map((file) => file.path)).toEqual([
      '/etc/git-secret/ssh',
    ]);
    expect(v3()).not.toHaveProperty('mustExist');
  });

  it('prefers -exechook-command to its old name, and logs when the old one is used', () => {
    expect(v3(['-exechook-command=new', '-sync-hook-command=old']).exechook?.command).toBe('new');
    expect(taken({ argv: [...V3, '-sync-hook-command=old'] }).notes.log.map((note) => note.message)).toEqual([
      '--sync-hook-command is deprecated, please use --exechook-command instead',
    ]);
  });

  it('ignores a password without a user', () => {
    expect(v3(['-password=p']).credentials).toEqual([]);
  });

  it('moves user info of the address, and completes a bare user with the password of the flags', () => {
    expect(v3(['-repo=https://a:b@h/x'])).toMatchObject({
      repo: 'https://h/x',
      credentials: [{ username: 'a', password: 'b' }],
    });
    expect(v3(['-repo=https://a@h/x', '-username=me', '-password=p'])).toMatchObject({
      repo: 'https://h/x',
      credentials: [{ url: 'https://h/x', username: 'me', password: 'p' }],
    });
  });

  it.each([
    ['-v=5'],
    ['-logtostderr'],
    ['-alsologtostderr=false'],
    ['-stderrthreshold=warning'],
    ['-stderrthreshold=2'],
    ['-vmodule=a*=2,b=0'],
    ['-log_backtrace_at=main.go:12'],
    ['-log_backtrace_at='],
    ['-log_dir=/tmp'],
  ])('takes the logging flag %s', (flag) => {
    expect(v3([flag]).verbosity).toBe(flag === '-v=5' ? 5 : 0);
  });

  it('runs the command line that is seen most in manifests', () => {
    const argv = [
      '-repo=git@github.com:foo/bar.git',
      '-branch=master',
      '-depth=1',
      '-max-sync-failures=-1',
      '-root=/templates',
      '-dest=from-github',
      '-wait=60',
      '-ssh=true',
    ];
    expect(taken({ argv }).settings).toMatchObject({
      dialect: 'v3',
      repo: 'git@github.com:foo/bar.git',
      depth: 1,
      maxFailures: -1,
      root: '/templates',
      link: 'from-github',
      periodMs: 60_000,
    });
  });
});
