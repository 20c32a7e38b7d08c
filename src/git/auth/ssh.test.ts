import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../../test/support/run-program.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { anyCharacter } from '../../core/testing/any-character.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import type { GitSettings } from '../settings.ts';
import { gitSettings, sshSettings } from '../testing/settings.ts';
import { mayUseSsh, prepareKeys, shellQuote, sshCommand } from './ssh.ts';

const dir = useTempDir();
const { log } = createRecordedLog();

const command = (settings: GitSettings, base?: string) =>
  sshCommand({ settings, base, keyFiles: settings.ssh.keyFiles });

describe('a quoted word', () => {
  it('is that very word for a shell, whatever is in it', async () => {
    const words = fc.sample(
      fc.oneof(
        fc.string({ unit: anyCharacter }),
        fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', ' ', '\n', ';', '*', '~', '-', 'a') }),
      ),
      { numRuns: 100, seed: 7 },
    );
    const usable = words.map((word) => Buffer.from(word).toString()).filter((word) => !word.includes('\0'));
    const script = `printf '%s\\0' ${usable.map(shellQuote).join(' ')}`;
    const seen = await runProgram('sh', ['-c', script]);
    expect(seen.split('\0').slice(0, usable.length)).toEqual(usable);
  });

  it('stays as it is where it needs no quotes', () => {
    expect(shellQuote('/etc/git-secret/known_hosts')).toBe('/etc/git-secret/known_hosts');
    expect(shellQuote('')).toBe("''");
  });
});

describe('the ssh command', () => {
  it('names each key and the known hosts, as git-sync does', () => {
    const settings = gitSettings({ ssh: sshSettings({ keyFiles: ['/a', '/b'], knownHostsFile: '/hosts' }) });
    expect(command(settings)).toBe(
      'ssh -i /a -i /b -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/hosts',
    );
  });

  it('checks no host key when it is not to, and remembers none', () => {
    const text = command(gitSettings({ ssh: sshSettings({ keyFiles: ['/k'], knownHosts: false }) }));
    expect(text).toContain('StrictHostKeyChecking=no');
    expect(text).toContain('UserKnownHostsFile=/dev/null');
  });

  it.each([
    [4, ''],
    [5, ' -v'],
    [7, ' -vv'],
    [9, ' -vvv'],
  ])('is as talkative as -v=%i asks for', (verbosity, flag) => {
    expect(command(gitSettings({ verbosity }))).toMatch(new RegExp(`^ssh${flag} -i `));
  });

  it.each([
    [undefined, 'ssh'],
    ['', 'ssh'],
    ['/my/ssh -p 22', '/my/ssh -p 22'],
  ])('goes on from GIT_SSH_COMMAND=%j', (base, start) => {
    expect(command(gitSettings(), base).startsWith(`${start} -i `)).toBe(true);
  });

  it('quotes for the shell, and known hosts for ssh as well', () => {
    const settings = gitSettings({
      ssh: sshSettings({ keyFiles: ['/a key'], knownHostsFile: '/100% "sure"\\' }),
    });
    expect(command(settings)).toContain(`-i '/a key' `);
    expect(command(settings)).toContain(`'UserKnownHostsFile="/100%% \\"sure\\"\\\\"'`);
  });
});

describe('a key for ssh', () => {
  async function makeKey(name: string, mode: number, content = 'key'): Promise<string> {
    await writeFile(dir.join(name), content);
    await chmod(dir.join(name), mode);
    return dir.join(name);
  }

  async function prepare(...files: readonly string[]): Promise<string[]> {
    await mkdir(dir.join('run'), { recursive: true });
    const settings = gitSettings({ ssh: sshSettings({ keyFiles: files }) });
    return prepareKeys(settings, dir.join('run'), log);
  }

  it.each([0o400, 0o600])('of mode %o is used where it is', async (mode) => {
    const key = await makeKey('key', mode);
    expect(await prepare(key)).toEqual([key]);
    expect(await readdir(dir.join('run'))).toEqual([]);
  });

  it.each([0o440, 0o644, 0o604, 0o777])('of mode %o gets a copy that only we may read', async (mode) => {
    const [copy = ''] = await prepare(await makeKey('key', mode));
    expect(copy.startsWith(dir.join('run/'))).toBe(true);
    expect((await stat(copy)).mode & 0o777).toBe(0o600);
    expect(await readFile(copy, 'utf8')).toBe('key');
  });

  it('that was replaced is copied again, and not otherwise', async () => {
    const key = await makeKey('key', 0o644);
    const [copy = ''] = await prepare(key);
    const before = await stat(copy);
    await prepare(key);
    expect((await stat(copy)).ino).toBe(before.ino);
    await writeFile(key, 'rotated');
    expect(await prepare(key)).toEqual([copy]);
    expect(await readFile(copy, 'utf8')).toBe('rotated');
  });

  it('is not mixed up with one of the same name', async () => {
    await mkdir(dir.join('a'));
    await mkdir(dir.join('b'));
    const copies = await prepare(await makeKey('a/ssh', 0o644, 'A'), await makeKey('b/ssh', 0o644, 'B'));
    expect(await Promise.all(copies.map(async (copy) => readFile(copy, 'utf8')))).toEqual(['A', 'B']);
  });

  it('in a path that ssh would expand gets a copy', async () => {
    const [copy] = await prepare(await makeKey('100%h', 0o600));
    expect(copy).toBe(dir.join('run/ssh-key-0-100_h'));
  });

  it('that is missing is left to ssh to complain about', async () => {
    expect(await prepare(dir.join('nowhere'))).toEqual([dir.join('nowhere')]);
  });
});

describe('ssh may be needed', () => {
  it.each([
    ['git@host:path', 'off', true],
    ['ssh://host/path', 'off', true],
    ['https://host/path', 'off', false],
    ['file:///path', 'off', false],
    ['/path', 'off', false],
    ['https://host/path', 'recursive', true],
  ] as const)('for %s with submodules %s: %s', (repo, submodules, expected) => {
    expect(mayUseSsh(gitSettings({ repo, submodules }))).toBe(expected);
  });
});
