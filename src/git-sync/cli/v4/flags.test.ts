import { describe, expect, it } from 'vitest';
import type { GitSyncSettings } from '../../settings.ts';
import { REPO, taken, V4, v4 } from '../testing/parse.ts';
import { both, type Expected, without } from '../testing/row.ts';
import { rows } from '../testing/v4-rows.ts';

/** Compares only the named settings; undefined means that the setting is left out. */
function expectSettings(settings: GitSyncSettings, expected: Expected): void {
  const picked = Object.fromEntries(
    Object.keys(expected).map((key) => [key, settings[key as keyof GitSyncSettings]]),
  );
  expect(picked).toEqual(expected);
}

describe.each(rows)('v4 --$flag', ({ flag, value, expected, fallback, env = [], also = [] }) => {
  it('is read from the command line', () => {
    expectSettings(v4([...also, `--${flag}=${value}`]), expected);
  });

  it.skipIf(['true', 't', '1', 'false'].includes(value))('may have its value in the next argument', () => {
    expectSettings(v4([...also, `--${flag}`, value]), expected);
  });

  it.each(env)('is read from $%s', (name) => {
    expectSettings(v4(also, { [name]: value }), expected);
  });

  it.runIf(Object.keys(fallback).length > 0)('has its default', () => {
    expectSettings(v4(also), fallback);
  });

  it.each(env.slice(1))('tells that $%s is an old name', (name) => {
    const { notes } = taken({ argv: [...V4, ...also], env: { [name]: value } });
    expect(notes.stderr).toEqual([`env $${name} has been deprecated, use $${env[0]} instead`]);
  });

  it.runIf(env.length > 1)('lets the last listed of several variables win, and says so', () => {
    const [first = '', last = ''] = [env[0], env.at(-1)];
    const given = { [first]: 'not-a-number-nor-anything', [last]: value };
    const { settings, notes } = taken({ argv: [...V4, ...also], env: given });
    expectSettings(settings, expected);
    expect(notes.stderr.at(-1)).toBe(`env $${first} was overridden by $${last}`);
  });
});

describe('v4 --repo and --root', () => {
  it.each(both('REPO'))('reads the repository from $%s', (name) => {
    expect(taken({ argv: ['--root=/r'], env: { [name]: REPO } }).settings.repo).toBe(REPO);
  });

  it.each(both('ROOT'))('reads the root from $%s', (name) => {
    expect(taken({ argv: [`--repo=${REPO}`], env: { [name]: '/r' } }).settings.root).toBe('/r');
  });

  it('makes the root absolute against the working directory', () => {
    expect(v4(['--root=../a/./b/../c']).root).toBe('/a/c');
  });

  it('prefers the command line to any variable', () => {
    expect(v4(['--depth=3'], { GITSYNC_DEPTH: '4', GIT_SYNC_DEPTH: '5' }).depth).toBe(3);
  });
});

describe('v4 flags that are special', () => {
  it('takes -v in all its spellings', () => {
    for (const argv of [['-v', '3'], ['-v3'], ['-v=3'], ['--verbose=3'], ['--v=3']]) {
      expect(v4(argv).verbosity).toBe(3);
    }
  });

  it('takes the word after a boolean flag for an ignored positional argument', () => {
    expect(v4(['--one-time', 'false', 'word', '--depth=2'])).toMatchObject({ oneTime: true, depth: 2 });
  });

  it('ignores everything after two dashes', () => {
    expect(v4(['--', '--depth=2']).depth).toBe(1);
  });

  it('collects --ssh-key-file without splitting, and replaces default and environment', () => {
    const env = { GITSYNC_SSH_KEY_FILE: '/e1:/e2' };
    expect(v4([], env).ssh.keyFiles).toEqual(['/e1', '/e2']);
    expect(v4(['--ssh-key-file=/a,b', '--ssh-key-file=/c:d'], env).ssh.keyFiles).toEqual(['/a,b', '/c:d']);
  });

  it('joins all --git-config-add after --git-config', () => {
    const { gitConfig } = v4([
      '--git-config-add=a.x:1',
      '--git-config=b.y:2',
      '--git-config-add=safe.directory:*',
    ]);
    expect(gitConfig.map(({ key, value }) => `${key}=${value}`)).toEqual([
      'b.y=2',
      'a.x=1',
      'safe.directory=*',
    ]);
  });

  it('counts --init-max-failures=0 as given, by flag or variable', () => {
    expect(v4(['--max-failures=5', '--init-max-failures=0']).initMaxFailures).toBe(0);
    expect(v4(['--max-failures=5'], { GITSYNC_INIT_MAX_FAILURES: '0' }).initMaxFailures).toBe(0);
    expect(v4(['--max-failures=5']).initMaxFailures).toBe(5);
  });

  it('takes an empty string variable for a value', () => {
    expect(v4([], { GITSYNC_WEBHOOK_METHOD: '', GITSYNC_GITHUB_BASE_URL: '' }).webhook).toBeUndefined();
    expect(taken({ argv: ['--root=/r', `--repo=${REPO}`], env: { GITSYNC_GIT: '' } }).settings.git).toBe('');
  });

  it('takes the flags that the original keeps for its own tests', () => {
    const env = { GITSYNC_PASSWORD: 'from-env' };
    const argv = ['--username=me', '--__env__GITSYNC_PASSWORD=from-flag'];
    expect(v4(argv, env).credentials[0]?.password).toBe('from-flag');
    expect(v4(['--username=me', '--__env__GITSYNC_PASSWORD='], env).credentials[0]?.password).toBe(
      'from-env',
    );
    const key = '--__env__GITSYNC_GITHUB_APP_PRIVATE_KEY=pem';
    expect(v4([...without('github-app-private-key-file'), key]).githubApp?.privateKey).toBe('pem');
  });

  it('reads the app key from its variable, and ignores a key without an app', () => {
    const env = { GITSYNC_GITHUB_APP_PRIVATE_KEY: 'pem' };
    expect(v4(without('github-app-private-key-file'), env).githubApp?.privateKey).toBe('pem');
    expect(v4([], env)).not.toHaveProperty('githubApp');
  });
});
