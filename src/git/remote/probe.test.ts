/** Which way the remote is asked: in this process where that is all it takes, by git wherever git knows better. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { gitEnvironment } from '../../../test/support/git.ts';
import { createRepository, type GitRepository } from '../../../test/support/git-repository.ts';
import { LIES } from '../../../test/support/http-faults.ts';
import {
  type HttpGitServer,
  type HttpGitServerOptions,
  startHttpGitServer,
} from '../../../test/support/http-git-server.ts';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { createFakeClock } from '../../core/testing/fake-clock.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { createGit, type Git } from '../run.ts';
import type { GitConfigPair } from '../settings.ts';
import { gitSettings } from '../testing/settings.ts';
import { createRemoteProbe, type RemoteProbeInit } from './probe.ts';
import { refNamed } from './ref-query.ts';

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

async function startServer(options: Partial<HttpGitServerOptions> = {}): Promise<HttpGitServer> {
  const server = await startHttpGitServer({ root, ...options });
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
    query: refNamed('main'),
    git: {
      run(args, call) {
        gitCalls.push(args.join(' '));
        return real.run(args, call);
      },
    },
    root,
    place: root,
    agent: 'git/test',
    log,
    env: {},
    gitEnv: env,
    authorization: () => Promise.resolve(undefined),
    clock: createFakeClock(),
    ...init,
  });
  onTestFinished(() => probe.close());
  return { probe, gitCalls };
}

describe('the way to the remote', () => {
  it('is HTTP in this process, without git', async () => {
    const server = await startServer();
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'));
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(gitCalls).toEqual([]);
    expect(server.requests).toHaveLength(3);
  });

  it('tells how many bytes the answers had that this process has read', async () => {
    const server = await startServer();
    const received: number[] = [];
    const onReceived = async (_: string, bytes: number) => void received.push(bytes);
    const { probe } = setUp(server.repositoryUrl('repo.git'), [], { onReceived });
    await probe.ask(signal);
    await probe.ask(signal);
    // A line of the protocol and its end: length, hash, name.
    const line = `0000${tip} refs/heads/main\n0000`.length;
    expect(received[1]).toBe(line);
    expect(received[0]).toBeGreaterThan(line);
    await server.down();
    await expect(probe.ask(signal)).rejects.toThrow();
    expect(received[2]).toBe(0);
  });

  it.each(['file', 'path'])('is one git ls-remote for everything else (%s)', async (kind) => {
    const { probe, gitCalls } = setUp(kind === 'file' ? repository.url : repository.path);
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
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
    expect(await probe.ask(signal)).toMatchObject({
      kind: 'refused',
      error: { code: 'remote_unreachable', message: expect.stringContaining('ls-remote') },
    });
    expect(gitCalls).toHaveLength(1);
  });

  it.each([
    [{}, true],
    [{ GIT_ALLOW_PROTOCOL: 'http:https' }, false],
    [{ GIT_HTTP_LOW_SPEED_LIMIT: '1000', GIT_HTTP_LOW_SPEED_TIME: '30' }, false],
  ])('is for polls only where git is told how to fetch: %j', async (env, isForFetches) => {
    const server = await startServer();
    const { probe } = setUp(server.repositoryUrl('repo.git'), [], { env });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(probe.takeRelay() !== undefined).toBe(isForFetches);
  });

  it.each([
    [[{ key: 'user.name', value: 'me' }], {}],
    [[{ key: 'pack.threads', value: '2' }], {}],
    [[], { https_proxy: '', HTTP_PROXY: undefined }],
  ])('stays in this process for what does not touch it: %j', async (gitConfig, env) => {
    const server = await startServer();
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'), gitConfig, { env });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(gitCalls).toEqual([]);
  });

  it('is git for ten minutes once a server has answered something else than git, and then no longer', async () => {
    const server = await startServer();
    server.fail(LIES.wrongContentType, { times: 1 });
    const clock = createFakeClock();
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'), [], { clock });
    for (const minutes of [0, 5, 4.9]) {
      await clock.advance(minutes * 60_000);
      expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    }
    expect(gitCalls).toHaveLength(3);
    await clock.advance(0.1 * 60_000);
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(gitCalls).toHaveLength(3);
  });

  it('stays git for ever where only git knows how', async () => {
    const clock = createFakeClock();
    const { probe, gitCalls } = setUp(repository.url, [], { clock });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    await clock.advance(Number.MAX_SAFE_INTEGER / 2);
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(gitCalls).toHaveLength(2);
  });

  it('follows a redirect itself: one request to the old address and one to the new, told once', async () => {
    const [server, moved] = [await startServer(), await startServer()];
    server.fail({ kind: 'redirect', to: moved.url });
    const told: string[] = [];
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'), [], {
      onMoved: (to) => told.push(to),
    });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    const before = [server.requests.length, moved.requests.length] as const;
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect([server.requests.length - before[0], moved.requests.length - before[1]]).toEqual([1, 1]);
    expect(gitCalls).toEqual([]);
    expect(told).toEqual([moved.repositoryUrl('repo.git')]);
  });

  it('follows where the old address leads now, and stays there when it no longer redirects', async () => {
    const [server, first, second] = [await startServer(), await startServer(), await startServer()];
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'));
    for (const moved of [first, second]) {
      server.heal();
      server.fail({ kind: 'redirect', to: moved.url });
      expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
      expect(moved.requests.length).toBeGreaterThan(0);
    }
    server.heal();
    await second.down();
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(gitCalls).toEqual([]);
  });

  it('is git where a redirect leads to another server and there are credentials', async () => {
    const [server, moved] = [await startServer(), await startServer()];
    server.fail({ kind: 'redirect', to: moved.url });
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'), [], {
      authorization: () => Promise.resolve('Basic bWU6c2VjcmV0'),
    });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(gitCalls).toHaveLength(1);
    expect(moved.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  it('takes a web page for the answer that it is, without a second request and without git', async () => {
    const server = await startServer();
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'));
    server.fail(LIES.loginPage);
    expect(await probe.ask(signal)).toMatchObject({ kind: 'refused', error: { code: 'web_page' } });
    expect(server.requests).toHaveLength(1);
    expect(gitCalls).toEqual([]);
    server.heal();
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
  });

  it('leaves it to git whether a server of files, which takes its list of refs for a page, has a repository', async () => {
    const server = await startServer();
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'));
    server.fail({ ...LIES.loginPage, body: `${tip}\trefs/heads/main\n` }, { times: 1 });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(gitCalls).toHaveLength(1);
  });

  it('sends no password to a web page that takes the place of a server that has asked for one', async () => {
    const server = await startServer({ users: new Map([['me', 'secret']]) });
    const authorization = () => Promise.resolve(`Basic ${Buffer.from('me:secret').toString('base64')}`);
    const { probe } = setUp(server.repositoryUrl('repo.git'), [], { authorization });
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
    server.fail(LIES.loginPage);
    // The first question comes before it has shown that it is another one now.
    await probe.ask(signal);
    const before = server.requests.length;
    await Promise.all([probe.ask(signal), probe.askWhy('page', signal)]);
    expect(server.requests.slice(before).map((each) => each.authorization)).toEqual([undefined, undefined]);
  });

  it('is told why git found nothing, once a minute', async () => {
    const [server, clock] = [await startServer(), createFakeClock()];
    const { probe } = setUp(server.repositoryUrl('repo.git'), [], { clock });
    expect(await probe.askWhy('page', signal)).toBeUndefined();
    server.fail(LIES.loginPage);
    const before = server.requests.length;
    expect(await probe.askWhy('page', signal)).toMatchObject({ kind: 'unsupported', isPage: true });
    expect(await probe.askWhy('page', signal)).toMatchObject({ kind: 'unsupported', isPage: true });
    expect(server.requests).toHaveLength(before + 1);
    server.heal();
    await clock.advance(60_000);
    expect(await probe.askWhy('page', signal)).toBeUndefined();
    server.fail({ ...LIES.loginPage, status: 203 });
    expect(await probe.askWhy('page', signal)).toMatchObject({ kind: 'unsupported', isPage: true });
    await clock.advance(60_000);
    for (const retryAfter of ['60', '120']) {
      server.heal();
      server.fail({ kind: 'status', status: 429, headers: { 'retry-after': retryAfter } });
      expect(await probe.askWhy('page', signal)).toMatchObject({
        kind: 'busy',
        retryAfterMs: 1000 * Number(retryAfter),
      });
    }
  });

  it('tells nothing about a ref that is not there: the fetch says it better', async () => {
    const server = await startServer();
    for (const repo of [server.repositoryUrl('repo.git'), repository.url]) {
      expect(await setUp(repo, [], { query: refNamed('nope') }).probe.ask(signal)).toEqual({
        kind: 'missing',
      });
    }
  });

  it('takes a name that looks like an option or a pattern for a name', async () => {
    const { probe } = setUp(repository.url, [], { query: refNamed('--upload-pack=touch x') });
    expect(await probe.ask(signal)).toEqual({ kind: 'missing' });
    expect(await setUp(repository.url, [], { query: refNamed('ma*') }).probe.ask(signal)).toEqual({
      kind: 'missing',
    });
  });

  it('peels an annotated tag over git too', async () => {
    expect(await setUp(repository.url, [], { query: refNamed('v1') }).probe.ask(signal)).toEqual({
      kind: 'ref',
      hash: tip,
      tag: await repository.hash('refs/tags/v1'),
    });
  });

  it('ends with the signal', async () => {
    const server = await startServer();
    server.fail({ kind: 'stall-in-headers', afterBytes: 0 });
    const { probe } = setUp(server.repositoryUrl('repo.git'));
    await expect(probe.ask(AbortSignal.timeout(100))).rejects.toMatchObject({
      code: 'http_failed',
      facts: { reason: 'aborted' },
    });
  });
});

describe('an answer of the server', () => {
  const wrong = `Basic ${Buffer.from('me:wrong').toString('base64')}`;

  it('that refuses the credentials is not asked for again with git', async () => {
    const server = await startServer({ users: new Map([['me', 'secret']]) });
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'), [], {
      authorization: () => Promise.resolve(wrong),
    });
    expect(await probe.ask(signal)).toMatchObject({
      kind: 'refused',
      error: { code: 'auth_failed', facts: { status: 401 }, hint: expect.stringContaining('password') },
    });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined, wrong]);
    expect(gitCalls).toEqual([]);
  });

  it.each([
    [404, 'repository_not_found'],
    [403, 'auth_failed'],
    [503, 'remote_unreachable'],
    [429, 'remote_unreachable'],
  ])('%i is one, with the code that git would fail with', async (status, code) => {
    const server = await startServer();
    server.fail({ kind: 'status', status });
    const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'));
    expect(await probe.ask(signal)).toMatchObject({ kind: 'refused', error: { code } });
    expect(server.requests).toHaveLength(1);
    expect(gitCalls).toEqual([]);
    const asked = setUp(server.repositoryUrl('repo.git'), [{ key: 'http.userAgent', value: 'x' }]);
    expect(await asked.probe.ask(signal)).toMatchObject({ kind: 'refused', error: { code } });
    expect(asked.gitCalls).toHaveLength(1);
  });

  it('that asks for a wait is respected: until then nothing is asked', async () => {
    const server = await startServer();
    server.fail({ kind: 'status', status: 429, headers: { 'retry-after': '120' } }, { times: 1 });
    const clock = createFakeClock();
    const { probe } = setUp(server.repositoryUrl('repo.git'), [], { clock });
    const refused = {
      kind: 'refused',
      error: { facts: { status: 429, retryAfterMs: 120_000 }, message: expect.stringContaining('in 120 s') },
    };
    expect(await probe.ask(signal)).toMatchObject(refused);
    await clock.advance(119_000);
    expect(await probe.ask(signal)).toMatchObject(refused);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1000);
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
  });

  it('cannot hold up the sync for longer than ten minutes', async () => {
    const server = await startServer();
    server.fail({ kind: 'status', status: 503, headers: { 'retry-after': '9999999999' } }, { times: 1 });
    const clock = createFakeClock();
    const { probe } = setUp(server.repositoryUrl('repo.git'), [], { clock });
    await probe.ask(signal);
    await clock.advance(10 * 60_000);
    expect(await probe.ask(signal)).toEqual({ kind: 'ref', hash: tip });
  });

  it('without credentials to offer leaves it to git where there is a .netrc', async () => {
    const server = await startServer({ users: new Map([['me', 'secret']]) });
    const home = await makeTempDir();
    onTestFinished(() => removeTempDir(home));
    const ask = async () => {
      const { probe, gitCalls } = setUp(server.repositoryUrl('repo.git'), [], { env: { HOME: home } });
      expect(await probe.ask(signal)).toMatchObject({ kind: 'refused', error: { code: 'auth_failed' } });
      return gitCalls.length;
    };
    expect(await ask()).toBe(0);
    await writeFile(join(home, '.netrc'), '');
    expect(await ask()).toBe(1);
  });
});

describe('the lines of git ls-remote', () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];

  const askWith = (name: string, text: string) => {
    const git: Git = {
      async run(_, { onStdout }) {
        await onStdout?.(Buffer.from(text));
        return '';
      },
    };
    return setUp('/repo', [], { git, query: refNamed(name) }).probe.ask(signal);
  };

  it('are refs with what they are peeled to', async () => {
    const text = `${a}\trefs/heads/main\n${a}\trefs/tags/v1\n${b}\trefs/tags/v1^{}`;
    expect(await askWith('main', text)).toEqual({ kind: 'ref', hash: a });
    expect(await askWith('v1', text)).toEqual({ kind: 'ref', hash: b, tag: a });
  });

  it('that are no refs are skipped', async () => {
    const noise = `From x\n\nwarning: y\n${a}\n${a}\t\nzzz\trefs/heads/main\n`;
    expect(await askWith('main', noise)).toEqual({ kind: 'missing' });
    expect(await askWith('main', `${noise}${a}\trefs/heads/main\n`)).toEqual({ kind: 'ref', hash: a });
  });
});
