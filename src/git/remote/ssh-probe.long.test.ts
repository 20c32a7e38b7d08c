/** How an SSH server is asked for refs in this process, and what happens when it is not a server of git at all. */
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { gitEnvironment } from '../../../test/support/git.ts';
import { createRepository, type GitRepository } from '../../../test/support/git-repository.ts';
import { type SshServer, type SshServerOptions, startSshServer } from '../../../test/support/ssh-server.ts';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { createFakeClock } from '../../core/testing/fake-clock.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { sshCommand } from '../auth/ssh.ts';
import { createGit } from '../run.ts';
import type { GitSettings } from '../settings.ts';
import { gitSettings, sshSettings } from '../testing/settings.ts';
import { createRemoteProbe, type PollKind } from './probe.ts';
import { refNamed } from './ref-query.ts';

let root = '';
let repository: GitRepository;
let tip = '';

beforeEach(async () => {
  root = await makeTempDir();
  onTestFinished(() => removeTempDir(root));
  repository = await createRepository(join(root, "it's a repo.git"));
  tip = await repository.commit({ file: '1' });
});

const { signal } = new AbortController();

async function serve(options?: SshServerOptions): Promise<SshServer> {
  const server = await startSshServer(join(root, 'ssh'), options);
  onTestFinished(async () => server.stop());
  return server;
}

interface Parts extends Partial<GitSettings> {
  readonly key?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ref?: string;
}

function probeOf(server: SshServer, { key = server.keyPath, env = {}, ref = 'main', ...parts }: Parts = {}) {
  const settings = gitSettings({
    repo: `[127.0.0.1]:${repository.path}`,
    ssh: sshSettings({ keyFiles: [key], knownHostsFile: server.knownHostsPath }),
    ...parts,
  });
  // An address of this form has no port.
  const base = `ssh -p ${server.port}`;
  const gitEnv = () =>
    ({
      ...gitEnvironment(),
      GIT_SSH_COMMAND: sshCommand({ settings, base, keyFiles: [key] }),
      GIT_SSH_VARIANT: 'ssh',
    }) as Record<string, string>;
  const { log } = createRecordedLog();
  const kinds: PollKind[] = [];
  const probe = createRemoteProbe({
    settings,
    query: refNamed(ref),
    git: createGit({ program: 'git', log, env: gitEnv }),
    root,
    place: root,
    agent: 'git/test',
    log,
    env,
    gitEnv,
    onAsk: async (kind) => void kinds.push(kind),
    authorization: () => Promise.resolve(undefined),
    clock: createFakeClock(),
  });
  onTestFinished(async () => {
    await probe.rest();
    probe.close();
  });
  return { probe, kinds };
}

describe('an SSH server', () => {
  it.each([
    ['in version 2 of the protocol', true],
    ['in version 0, where it lists all', false],
  ])('is asked without git, %s', async (_, acceptsProtocol) => {
    const server = await serve({ acceptsProtocol });
    const { probe, kinds } = probeOf(server);
    for (let poll = 1; poll <= 3; poll += 1) {
      expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
      await probe.rest();
      expect(server.sessions()).toBe(poll);
    }
    tip = await repository.commit({ file: '2' });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(kinds).toEqual(['ssh', 'ssh', 'ssh', 'ssh']);
  });

  it('says that it has no such ref', async () => {
    const { probe } = probeOf(await serve(), { ref: 'nowhere' });
    expect(await probe.ask(signal)).toEqual({ kind: 'missing' });
  });

  it('that lets nobody in is asked once, and its refusal is told as of git', async () => {
    const server = await serve();
    const other = await startSshServer(join(root, 'other'));
    onTestFinished(async () => other.stop());
    const { probe, kinds } = probeOf(server, { key: other.keyPath });
    expect(await probe.ask(signal)).toMatchObject({ kind: 'refused', error: { code: 'ssh_key_refused' } });
    expect(kinds).toEqual(['ssh']);
    expect(server.connections()).toBe(1);
  });

  it('without such a repository says so', async () => {
    const { probe, kinds } = probeOf(await serve(), { repo: '[127.0.0.1]:/nowhere' });
    expect(await probe.ask(signal)).toMatchObject({
      kind: 'refused',
      error: { code: 'repository_not_found' },
    });
    expect(kinds).toEqual(['ssh']);
  });

  it('that is not there refuses', async () => {
    const server = await serve();
    await server.down();
    const { probe } = probeOf(server);
    expect(await probe.ask(signal)).toMatchObject({ kind: 'refused', error: { code: 'remote_unreachable' } });
  });

  it.each([
    ['a page', 'echo hello there, this is no git'],
    ['no end of it', 'yes'],
    ['the end at once', 'exit 0'],
    ['a list that is cut', `printf '%s' 00`],
    ['very long words', `tr '\\\\0' f </dev/zero`],
    ['a second list', `printf '000eversion 2\\\\n000000010000'; cat`],
  ])('that says %s is asked by git then', async (_, command) => {
    const server = await serve();
    const key = await server.addKey('liar', `command="${command}"`);
    const { probe, kinds } = probeOf(server, { key });
    await probe.ask(signal).catch(() => undefined);
    expect(kinds).toEqual(['ssh', 'git']);
  });

  it('that never answers is waited for as long as its caller says', async () => {
    const server = await serve();
    const key = await server.addKey('silent', 'command="sleep 1000"');
    const { probe } = probeOf(server, { key });
    const abort = new AbortController();
    const asked = probe.ask(abort.signal);
    await expect.poll(() => server.sessions()).toBe(1);
    abort.abort();
    await expect(asked).rejects.toThrow();
  });

  it.each([
    [{ gitConfig: [{ key: 'url.x.insteadOf', value: 'y' }] }],
    [{ gitConfig: [{ key: 'core.sshCommand', value: 'ssh -4' }] }],
    [{ gitConfig: [{ key: 'include.path', value: '/dev/null' }] }],
    [{ env: { GIT_SSH_COMMAND: 'ssh -4' } }],
    [{ env: { GIT_ALLOW_PROTOCOL: 'ssh' } }],
  ])('is asked by git where only git knows how: %j', async (parts: Parts) => {
    const { probe, kinds } = probeOf(await serve(), parts);
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(kinds).toEqual(['git']);
  });
});
