/** SSH in both dialects: keys as Secrets give them, host keys, and what is said when something is wrong. */
import { chmod, cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GitRepository } from '../../../support/git-repository.ts';
import { type PillionResult, runPillion, startPillion } from '../../../support/pillion.ts';
import { makeSshKey, type SshServer, sshFingerprint } from '../../../support/ssh-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { expectLink, makeMaster, makeSecret, type Secret, startSsh, waitForLink } from './support.ts';

const dir = useTempDir();

interface Setting {
  readonly server: SshServer;
  readonly repository: GitRepository;
  readonly first: string;
  readonly secret: Secret;
}

async function setUp(mode = 0o400): Promise<Setting> {
  const server = await startSsh(dir.join('sshd'));
  const { repository, first } = await makeMaster(dir.join('repo.git'));
  return { server, repository, first, secret: await makeSecret(dir.join('git-secret'), server, mode) };
}

interface Files {
  readonly keys: readonly string[];
  readonly knownHosts: string;
}

interface DialectRow {
  readonly name: string;
  args(setting: Setting, files: Files): string[];
  target(hash: string): string;
  readonly distrust: string;
}

const V3: DialectRow = {
  name: 'v3',
  args: ({ server, repository }, { keys, knownHosts }) => [
    'git-sync',
    '-ssh',
    `-repo=${server.repositoryUrl(repository.path)}`,
    `-root=${dir.join('root')}`,
    '-dest=link',
    ...keys.map((key) => `-ssh-key-file=${key}`),
    `-ssh-known-hosts-file=${knownHosts}`,
  ],
  target: (hash) => `rev-${hash}`,
  distrust: '-ssh-known-hosts=false',
};

const V4: DialectRow = {
  name: 'v4',
  args: ({ server, repository }, { keys, knownHosts }) => [
    'git-sync',
    `--repo=${server.repositoryUrl(repository.path)}`,
    '--ref=master',
    `--root=${dir.join('root')}`,
    '--link=link',
    ...keys.map((key) => `--ssh-key-file=${key}`),
    `--ssh-known-hosts-file=${knownHosts}`,
  ],
  target: (hash) => `.worktrees/${hash}`,
  distrust: '--ssh-known-hosts=false',
};

/** A flag as the dialect spells it, as a word of its own. */
const flagOf = ({ name }: DialectRow, flag: string) => (name === 'v3' ? ` -${flag}` : ` --${flag}`);

const once = ({ name }: DialectRow) => (name === 'v3' ? '-one-time' : '--one-time');

/** One sync with the Secret's files, or with others. */
async function sync(
  dialect: DialectRow,
  setting: Setting,
  change: Partial<Files> & { readonly flags?: readonly string[] } = {},
): Promise<PillionResult> {
  const files = { keys: [setting.secret.key], knownHosts: setting.secret.knownHosts, ...change };
  return runPillion([...dialect.args(setting, files), once(dialect), ...(change.flags ?? [])]);
}

async function expectSynced(dialect: DialectRow, setting: Setting, result: PillionResult): Promise<void> {
  expect(result.code, result.stderr).toBe(0);
  await expectLink(dir.join('root/link'), dialect.target(setting.first), '1');
}

const expectRefused = (result: PillionResult, code: string, ...words: string[]) => {
  expect(result.code, result.stderr).toBe(1);
  for (const word of [code, ...words]) {
    expect(result.stderr).toContain(word);
  }
};

describe.each([V3, V4])('ssh in $name', (dialect) => {
  it.each(['400', '440', '644'])('takes a key of mode %s, and leaves it as it is', async (digits) => {
    const mode = Number.parseInt(digits, 8);
    const setting = await setUp(mode);
    const result = await sync(dialect, setting);
    await expectSynced(dialect, setting, result);
    expect((await stat(setting.secret.key)).mode & 0o777).toBe(mode);
    expect(setting.server.log()).toContain(await sshFingerprint(setting.server.keyPath));
    expect(result.leftInTmpDir).toEqual([]);
  });

  it('refuses a host it does not know, and says how it is made known', async () => {
    const setting = await setUp();
    await writeFile(dir.join('nobody'), '');
    const result = await sync(dialect, setting, { knownHosts: dir.join('nobody') });
    expectRefused(result, 'host_key_unknown', 'ssh-keyscan', flagOf(dialect, 'ssh-known-hosts=false'));
  });

  it('refuses a host whose key is another than the known one', async () => {
    const setting = await setUp();
    await makeSshKey(dir.join('other'));
    const key = (await readFile(dir.join('other.pub'), 'utf8')).trim();
    await writeFile(dir.join('stale'), `[127.0.0.1]:${setting.server.port} ${key}\n`);
    const result = await sync(dialect, setting, { knownHosts: dir.join('stale') });
    expectRefused(result, 'host_key_changed', 'REMOTE HOST IDENTIFICATION HAS CHANGED');
  });

  it('asks no host for its key when it is told not to', async () => {
    const setting = await setUp();
    const flags = [dialect.distrust];
    const result = await sync(dialect, setting, { knownHosts: dir.join('not-there'), flags });
    await expectSynced(dialect, setting, result);
  });

  it('asks no host for its key when GIT_KNOWN_HOSTS is false', async () => {
    const setting = await setUp();
    const files = { keys: [setting.secret.key], knownHosts: dir.join('not-there') };
    const result = await runPillion([...dialect.args(setting, files), once(dialect)], {
      env: { GIT_KNOWN_HOSTS: 'false' },
    });
    await expectSynced(dialect, setting, result);
  });

  it('says what to check when the server does not know the key', async () => {
    const setting = await setUp();
    const result = await sync(dialect, setting, { keys: [await makeSshKey(dir.join('stranger'))] });
    expectRefused(
      result,
      'ssh_key_refused',
      'Permission denied (publickey)',
      flagOf(dialect, 'ssh-key-file'),
    );
  });

  it('says what to check when the key is not a key', async () => {
    const setting = await setUp();
    await writeFile(dir.join('garbage'), 'no key\n', { mode: 0o600 });
    const result = await sync(dialect, setting, { keys: [dir.join('garbage')] });
    expectRefused(result, 'ssh_key_refused', dir.join('garbage'));
  });

  it('names a key file that is not there', async () => {
    const setting = await setUp();
    const result = await sync(dialect, setting, { keys: [dir.join('not-there')] });
    expectRefused(result, dialect === V3 ? 'file_missing' : 'ssh_key_refused', dir.join('not-there'));
  });

  it('takes a path with blanks, quotes and dollars for what it is', async () => {
    const setting = await setUp();
    const odd = dir.join(`it's $HOME; "x" \`y\` %h\\`);
    await mkdir(odd);
    for (const [name, from] of [
      ['key', setting.secret.key],
      ['hosts', setting.secret.knownHosts],
    ] as const) {
      await cp(from, `${odd}/${name}`);
      await chmod(`${odd}/${name}`, 0o600);
    }
    const result = await sync(dialect, setting, { keys: [`${odd}/key`], knownHosts: `${odd}/hosts` });
    await expectSynced(dialect, setting, result);
  });

  it('ends in time when the server accepts the connection and says nothing', async () => {
    const setting = await setUp();
    setting.server.setSilent(true);
    const timeout = dialect === V3 ? '-timeout=1' : '--sync-timeout=1s';
    const result = await sync(dialect, setting, { flags: [timeout] });
    expectRefused(result, 'context deadline exceeded');
    expect(result.durationMs).toBeLessThan(20_000);
  });

  it('uses a key that was replaced in the Secret at the next sync', async () => {
    const setting = await setUp(0o444);
    const { key, knownHosts } = setting.secret;
    await cp(await makeSshKey(dir.join('stranger')), key, { force: true });
    await chmod(key, 0o444);
    const patience =
      dialect === V3 ? ['-max-sync-failures=-1', '-wait=0.1'] : ['--max-failures=-1', '--period=100ms'];
    const running = await startPillion([...dialect.args(setting, { keys: [key], knownHosts }), ...patience]);
    onTestFinished(async () => {
      await running.stop();
    });
    await running.waitForLog('ssh_key_refused');
    await cp(setting.server.keyPath, `${key}.new`);
    await chmod(`${key}.new`, 0o444);
    await cp(`${key}.new`, key, { force: true });
    await waitForLink(dir.join('root/link'), dialect.target(setting.first));
  });

  it('keeps what stands in GIT_SSH_COMMAND in front of its own options', async () => {
    const setting = await setUp();
    const files = { keys: [setting.secret.key], knownHosts: setting.secret.knownHosts };
    const wrapper = dir.join('my ssh');
    await writeFile(wrapper, `#!/bin/sh\necho "$@" >>'${dir.join('calls')}'\nexec ssh "$@"\n`, {
      mode: 0o755,
    });
    const result = await runPillion([...dialect.args(setting, files), once(dialect)], {
      env: { GIT_SSH_COMMAND: `'${wrapper}' -o ConnectTimeout=7` },
    });
    await expectSynced(dialect, setting, result);
    const [call = ''] = (await readFile(dir.join('calls'), 'utf8')).split('\n');
    expect(call.startsWith('-o ConnectTimeout=7 -i ')).toBe(true);
  });
});

describe('several ssh keys in v4', () => {
  it('are tried one after the other, whoever may read them', async () => {
    const setting = await setUp(0o440);
    const strangers = [await makeSshKey(dir.join('one')), await makeSshKey(dir.join('two'))];
    await chmod(strangers[1] ?? '', 0o644);
    const result = await sync(V4, setting, { keys: [...strangers, setting.secret.key] });
    await expectSynced(V4, setting, result);
  });

  it('may have the same name in two directories', async () => {
    const setting = await setUp(0o440);
    await mkdir(dir.join('elsewhere'));
    const stranger = await makeSshKey(dir.join('elsewhere/ssh'));
    await chmod(stranger, 0o440);
    const result = await sync(V4, setting, { keys: [stranger, setting.secret.key] });
    await expectSynced(V4, setting, result);
  });

  it('may come by one variable, with colons between them', async () => {
    const setting = await setUp();
    const keys = [await makeSshKey(dir.join('one')), setting.secret.key];
    const result = await runPillion(
      [...V4.args(setting, { keys: [], knownHosts: setting.secret.knownHosts }), '--one-time'],
      { env: { GITSYNC_SSH_KEY_FILE: keys.join(':') } },
    );
    await expectSynced(V4, setting, result);
  });

  it('serve a submodule on another server than the repository', async () => {
    const setting = await setUp();
    const other = await startSsh(dir.join('other-sshd'));
    const { repository: part } = await makeMaster(dir.join('part.git'));
    await setting.repository.commit({
      '.gitmodules': `[submodule "part"]\n\tpath = part\n\turl = ${other.repositoryUrl(part.path)}\n`,
      part: { gitlink: await part.hash() },
    });
    await writeFile(dir.join('hosts'), setting.server.knownHosts + other.knownHosts);
    const keys = [setting.secret.key, other.keyPath];
    const result = await sync(V4, setting, { keys, knownHosts: dir.join('hosts') });
    expect(result.code, result.stderr).toBe(0);
    expect(await readFile(dir.join('root/link/part/file'), 'utf8')).toBe('1');
  });
});

describe('v3 without -ssh', () => {
  it('leaves ssh to git: no key of its own, no host keys of its own', async () => {
    const setting = await setUp();
    const [, , ...args] = V3.args(setting, { keys: [setting.secret.key], knownHosts: dir.join('none') });
    const wrapper = dir.join('ssh-wrapper');
    await writeFile(wrapper, `#!/bin/sh\necho "$@" >>'${dir.join('calls')}'\nexec ssh "$@"\n`, {
      mode: 0o755,
    });
    await runPillion(['git-sync', ...args, '-one-time'], { env: { GIT_SSH_COMMAND: wrapper } });
    const call = await readFile(dir.join('calls'), 'utf8');
    expect(call).toContain('git-upload-pack');
    expect(call).not.toMatch(/ -i |StrictHostKeyChecking|UserKnownHostsFile/);
  });
});
