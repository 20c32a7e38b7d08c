/** What git gets to prove who asks, tried with real git. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../../test/support/run-program.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { createSecrets } from '../../core/log/secrets.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import type { GitSettings } from '../settings.ts';
import { gitSettings, sshSettings } from '../testing/settings.ts';
import { type Authentication, prepareAuthentication } from './authentication.ts';
import { requireFiles } from './required-files.ts';
import { ALL_SOURCES } from './sources/all.ts';

const dir = useTempDir();
const { signal } = new AbortController();

async function prepare(parts: Partial<GitSettings> = {}, env: Record<string, string> = {}) {
  const { log, lines } = createRecordedLog();
  const secrets = createSecrets();
  const authentication = await prepareAuthentication({
    settings: gitSettings(parts),
    sources: ALL_SOURCES,
    secrets,
    log,
    env: { PATH: process.env.PATH, ...env },
    home: dir.path,
    root: dir.path,
    now: () => Date.now(),
    onRequest: () => {},
  });
  onTestFinished(() => authentication.close());
  return { authentication, secrets, lines };
}

const login = { url: 'https://git.example.com/x.git', username: 'me', password: 'CANARY' };

/** What git would send to a server. */
async function fill(authentication: Authentication, host: string): Promise<string> {
  const env = authentication.gitEnvironment();
  const question = join(dir.path, 'question');
  await writeFile(question, `protocol=https\nhost=${host}\n\n`);
  return runProgram('sh', ['-c', `git credential fill < '${question}'`], { cwd: dir.path, env }).catch(
    (error: unknown) => String(error),
  );
}

describe('credentials', () => {
  it('reach git over a socket, once they were loaded, and only for their server', async () => {
    const { authentication } = await prepare({ credentials: [login] });
    await authentication.refresh(signal);
    expect(await fill(authentication, 'git.example.com')).toContain('username=me\npassword=CANARY');
    expect(await fill(authentication, 'other.example.com')).not.toContain('CANARY');
    expect(authentication.authorization('https://git.example.com/y')).toMatch(/^Basic /);
  });

  it('are on no command line, in no variable and in no file', async () => {
    const { authentication, secrets, lines } = await prepare({ credentials: [login] });
    await authentication.refresh(signal);
    expect(JSON.stringify(authentication.gitEnvironment())).not.toContain('CANARY');
    expect(JSON.stringify(authentication.hookVariables())).not.toContain('CANARY');
    for (const name of await readdir(authentication.privatePath)) {
      const path = join(authentication.privatePath, name);
      if ((await stat(path)).isFile()) {
        expect(await readFile(path, 'utf8')).not.toContain('CANARY');
      }
    }
    expect(lines.join()).not.toContain('CANARY');
    expect(secrets.redact('CANARY')).toBe('REDACTED');
  });

  it.each([
    ['of the settings', { credentials: [login] }],
    ['of an askpass URL', { askpassUrl: 'http://127.0.0.1:1/' }],
    ['of a GitHub App', { githubApp: { baseUrl: 'x', issuer: 'x', installationId: 1, privateKey: 'x' } }],
  ])('%s open the socket', async (_what, parts) => {
    const { authentication } = await prepare(parts);
    expect(await readdir(authentication.privatePath)).toContain('credentials');
  });

  it('that nobody configured need no socket', async () => {
    const { authentication } = await prepare();
    expect(await readdir(authentication.privatePath)).not.toContain('credentials');
    await authentication.refresh(signal);
    expect(authentication.authorization('https://git.example.com/')).toBeUndefined();
  });
});

describe('the environment of git', () => {
  it('has no setting of ours, and nothing that leads git elsewhere', async () => {
    const { authentication } = await prepare(
      {},
      { GITSYNC_PASSWORD: 'CANARY', GIT_DIR: '/elsewhere', https_proxy: 'http://proxy' },
    );
    const env = authentication.gitEnvironment();
    expect(env).toMatchObject({ https_proxy: 'http://proxy', GIT_TERMINAL_PROMPT: '0' });
    expect(JSON.stringify(env)).not.toMatch(/CANARY|elsewhere/);
  });

  it('follows keys that are rotated', async () => {
    const key = dir.join('key');
    await writeFile(key, 'first');
    await chmod(key, 0o644);
    const { authentication } = await prepare({
      repo: 'git@host:x',
      ssh: sshSettings({ keyFiles: [key], knownHosts: false }),
    });
    await authentication.refresh(signal);
    const command = authentication.gitEnvironment()['GIT_SSH_COMMAND'] ?? '';
    const copy = / -i (\S+)/.exec(command)?.[1] ?? '';
    expect(copy.startsWith(authentication.privatePath)).toBe(true);
    await writeFile(key, 'second');
    await authentication.refresh(signal);
    expect(await readFile(copy, 'utf8')).toBe('second');
  });

  it('leaves ssh to git when it is told to', async () => {
    const { authentication } = await prepare({ ssh: sshSettings({ plain: true }) });
    expect(authentication.gitEnvironment()).not.toHaveProperty('GIT_SSH_COMMAND');
  });
});

describe('what cannot work', () => {
  it.each([
    ['a cookie file', { cookieFile: '/nowhere/cookies' }, 'the cookie file'],
    ['a file that must exist', { mustExist: [{ path: '/nowhere/key', why: 'the key' }] }, 'the key'],
  ])('is said at the start: %s that is missing', async (_what, parts, purpose) => {
    await expect(requireFiles(gitSettings(parts))).rejects.toMatchObject({
      code: 'file_missing',
      message: expect.stringContaining(purpose),
    });
  });

  it('leaves nothing behind', async () => {
    await mkdir(dir.join('runtime'));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = dir.join('runtime');
    onTestFinished(() => {
      if (before === undefined) {
        delete process.env.TMPDIR;
      } else {
        process.env.TMPDIR = before;
      }
    });
    await expect(prepare({ gitConfig: [{ key: 'bad', value: 'x' }] })).rejects.toMatchObject({
      code: 'git_config_invalid',
    });
    expect(await readdir(dir.join('runtime'))).toEqual([]);
  });
});

describe('the end', () => {
  it('removes the private directory', async () => {
    const { authentication } = await prepare({ credentials: [login] });
    await authentication.close();
    await expect(stat(authentication.privatePath)).rejects.toThrow('ENOENT');
  });
});
