/** Which way the remote is asked: in this process where that is all it takes, by git wherever git knows better. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { gitEnvironment } from '../../../test/support/git.ts';
import { createRepository, type GitRepository } from '../../../test/support/git-repository.ts';
import { LIES } from '../../../test/support/http-faults.ts';
import { type HttpGitServer, startHttpGitServer } from '../../../test/support/http-git-server.ts';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { createGit } from '../run.ts';
import type { GitConfigPair } from '../settings.ts';
import { gitSettings } from '../testing/settings.ts';
import { createRemoteProbe, parseLsRemote, type RemoteProbeInit } from './probe.ts';

let root = '';
let repository: GitRepository;
let tip = '';

beforeAll(async () => {
  root = await makeTempDir();
  repository = await createRepository(`${root}/repo.git`);
  tip = await repository.commit({ file: '1' });
  await repository.setAnnotatedTag('v1');
});
afterAll(() => removeTempDir(root));

const { signal } = new AbortController();

async function startServer(): Promise<HttpGitServer> {
  const server = await startHttpGitServer({ root });
  onTestFinished(async () => server.stop());
  return server;
}

/** A probe with a real git; `gitCalls` are the commands that were run for it. */
function setUp(repo: string, gitConfig: readonly GitConfigPair[] = [], init: Partial<RemoteProbeInit> = {}) {
  const settings = gitSettings({ repo, gitConfig });
  const { log } = createRecordedLog();
  const gitCalls: string[] = [];
  const env = () => gitEnvironment() as Record<string, string>;
  const real = createGit({ program: 'git', log, env });
  const probe = createRemoteProbe({
    settings,
    ref: 'main',
    git: {
      run(args, call) {
        gitCalls.push(args.join(' '));
        return real.run(args, call);
      },
    },
    root,
    place: root,
    agent: 'git/test',
    env: {},
    authorization: () => Promise.resolve(undefined),
    now: () => 0,
    ...init,
  });
  onTestFinished(() => probe.close());
  return { probe, gitCalls };
}

describe('the way to the remote', () => {
  it('is HTTP in this process, without git', async () => {
    const server = await startServer();
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'));
    expect(await probe.hash(signal)).toBe(tip);
    expect(await probe.hash(signal)).toBe(tip);
    expect(gitCalls).toEqual([]);
    expect(server.requests).toHaveLength(3);
  });

  it.each(['file', 'path'])('is one git ls-remote for everything else (%s)', async (kind) => {
    const { probe, gitCalls } = setUp(kind === 'file' ? repository.url : repository.path);
    expect(await probe.hash(signal)).toBe(tip);
    expect(gitCalls).toHaveLength(1);
  });

  it.each([
    [[{ key: 'http.proxy', value: 'http://127.0.0.1:1' }], {}],
    [[{ key: 'url.x.insteadOf', value: 'y' }], {}],
    [[{ key: 'credential.helper', value: 'store' }], {}],
    [[], { https_proxy: 'http://127.0.0.1:1' }],
    [[], { GIT_SSL_NO_VERIFY: 'true' }],
    [[], { GIT_CONFIG_COUNT: '1' }],
  ])('is git when only git knows how: %j %j', async (gitConfig, env) => {
    const { probe, gitCalls } = setUp('http://127.0.0.1:1/repo.git', gitConfig, { env });
    await expect(probe.hash(signal)).rejects.toThrow('ls-remote');
    expect(gitCalls).toHaveLength(1);
  });

  it.each([
    [[{ key: 'user.name', value: 'me' }], {}],
    [[{ key: 'pack.threads', value: '2' }], {}],
    [[], { https_proxy: '', HTTP_PROXY: undefined }],
  ])('stays in this process for what does not touch it: %j', async (gitConfig, env) => {
    const server = await startServer();
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'), gitConfig, { env });
    expect(await probe.hash(signal)).toBe(tip);
    expect(gitCalls).toEqual([]);
  });

  it('is git for ten minutes once a server has answered something else than git, and then no longer', async () => {
    const server = await startServer();
    server.fail(LIES.loginPage, { times: 1 });
    let now = 1000;
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'), [], { now: () => now });
    for (const minutes of [0, 5, 4.9]) {
      now += minutes * 60_000;
      expect(await probe.hash(signal)).toBe(tip);
    }
    expect(gitCalls).toHaveLength(3);
    now += 0.1 * 60_000;
    expect(await probe.hash(signal)).toBe(tip);
    expect(await probe.hash(signal)).toBe(tip);
    expect(gitCalls).toHaveLength(3);
  });

  it('stays git for ever where only git knows how', async () => {
    let now = 0;
    const { probe, gitCalls } = setUp(repository.url, [], { now: () => now });
    expect(await probe.hash(signal)).toBe(tip);
    now = Number.MAX_SAFE_INTEGER;
    expect(await probe.hash(signal)).toBe(tip);
    expect(gitCalls).toHaveLength(2);
  });

  it('is git where a redirect has to be followed', async () => {
    const [server, moved] = [await startServer(), await startServer()];
    server.fail({ kind: 'redirect', to: moved.url });
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'));
    expect(await probe.hash(signal)).toBe(tip);
    expect(gitCalls).toHaveLength(1);
  });

  it('tells nothing about a ref that is not there: the fetch says it better', async () => {
    const server = await startServer();
    for (const repo of [server.repositoryUrl('repo.git'), repository.url]) {
      expect(await setUp(repo, [], { ref: 'nope' }).probe.hash(signal)).toBeUndefined();
    }
  });

  it('takes a name that looks like an option or a pattern for a name', async () => {
    const { probe } = setUp(repository.url, [], { ref: '--upload-pack=touch x' });
    expect(await probe.hash(signal)).toBeUndefined();
    expect(await setUp(repository.url, [], { ref: 'ma*' }).probe.hash(signal)).toBeUndefined();
  });

  it('peels an annotated tag over git too', async () => {
    expect(await setUp(repository.url, [], { ref: 'v1' }).probe.hash(signal)).toBe(tip);
  });

  it('ends with the signal', async () => {
    const server = await startServer();
    server.fail({ kind: 'stall-in-headers', afterBytes: 0 });
    const { probe } = setUp(server.repositoryUrl('repo.git'));
    await expect(probe.hash(AbortSignal.timeout(100))).rejects.toThrow(/abort/i);
  });
});

describe('the lines of git ls-remote', () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];

  it('are refs with what they are peeled to', () => {
    const refs = parseLsRemote(`${a}\trefs/heads/main\n${a}\trefs/tags/v1\n${b}\trefs/tags/v1^{}`);
    expect([...refs.values()]).toEqual([
      { name: 'refs/heads/main', hash: a },
      { name: 'refs/tags/v1', hash: a, peeled: b },
    ]);
  });

  it('that are no refs are skipped', () => {
    expect([...parseLsRemote(`From x\n\nwarning: y\n${a}\n${a}\t\nzzz\trefs/heads/main`).keys()]).toEqual([]);
  });
});
