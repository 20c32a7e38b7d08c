/** The probe against a real git over HTTP, and against servers that are slow, closed, old or liars. */
import { createConnection, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { git } from '../../../test/support/git.ts';
import { createRepository, type GitRepository } from '../../../test/support/git-repository.ts';
import { hugeAdvertisement, LIES } from '../../../test/support/http-faults.ts';
import {
  type HttpGitServer,
  type HttpGitServerOptions,
  startHttpGitServer,
} from '../../../test/support/http-git-server.ts';
import { listenOnLoopback } from '../../../test/support/listen.ts';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { makeAuthority } from '../../core/http/client/fixtures/authority.ts';
import { openSession } from '../../core/http/client.ts';
import { createHttpProbe } from './http-probe.ts';
import { refNamed } from './ref-query.ts';

let root = '';
let repository: GitRepository;
let tip = '';

beforeAll(async () => {
  root = await makeTempDir();
  repository = await createRepository(`${root}/repo.git`);
  await repository.commit({ file: '1' });
  tip = await repository.commit({ file: '2' });
  await repository.setAnnotatedTag('v1', 'main~1');
});
afterAll(() => removeTempDir(root));

const { signal } = new AbortController();

async function startServer(options: Partial<HttpGitServerOptions> = {}): Promise<HttpGitServer> {
  const server = await startHttpGitServer({ root, ...options });
  onTestFinished(async () => server.stop());
  return server;
}

interface ProbeOptions {
  readonly ref?: string;
  readonly authorization?: string | (() => string);
  readonly env?: Readonly<Record<string, string>>;
  readonly gitMayKnowMore?: boolean;
}

function probeOf(
  repo: string,
  { ref = 'main', authorization, env = {}, gitMayKnowMore = false }: ProbeOptions = {},
) {
  const session = openSession({ env, caFile: env['GIT_SSL_CAINFO'], userAgent: 'git/test' });
  onTestFinished(() => session.close());
  return createHttpProbe({
    repo,
    query: refNamed(ref),
    session,
    agent: 'git/test',
    authorization: () =>
      Promise.resolve(typeof authorization === 'function' ? authorization() : authorization),
    gitMayKnowMore: () => Promise.resolve(gitMayKnowMore),
    now: () => 0,
  }).ask;
}

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A way to a server that counts the connections made over it. */
async function startCountingProxy(port: number) {
  let connections = 0;
  const proxy = createServer((socket) => {
    connections += 1;
    const onward = createConnection({ host: '127.0.0.1', port });
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  const listening = await listenOnLoopback(proxy);
  onTestFinished(async () => listening.down());
  return { url: `http://127.0.0.1:${listening.port}`, connections: () => connections };
}

describe('a poll over HTTP', () => {
  it('takes one request on one kept connection, once the server is known', async () => {
    const server = await startServer();
    const proxy = await startCountingProxy(server.port);
    const probe = probeOf(`${proxy.url}/repo.git`);
    for (let poll = 0; poll < 5; poll += 1) {
      expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
    }
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', ...Array(5).fill('POST')]);
    expect(server.requests.every(({ gitProtocol }) => gitProtocol === 'version=2')).toBe(true);
    expect(proxy.connections()).toBe(1);
  });

  it.each(['/', '//', ''])('bears slashes at the end of the address (%j)', async (end) => {
    const server = await startServer();
    expect(await probeOf(`${server.url}/repo.git${end}`)(signal)).toEqual({ kind: 'ref', hash: tip });
  });

  it('takes one request of a server that only speaks version 0', async () => {
    const server = await startServer({ protocolV0Only: true });
    const probe = probeOf(server.repositoryUrl('repo.git'));
    for (let poll = 0; poll < 3; poll += 1) {
      expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
    }
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
  });

  it.each([
    ['HEAD', 'main'],
    ['refs/heads/main', 'main'],
    ['v1', 'v1^{commit}'],
    ['refs/tags/v1', 'v1^{commit}'],
    ['tags/v1', 'v1^{commit}'],
  ])('finds the commit of %s in both versions', async (ref, commit) => {
    const hash = await repository.hash(commit);
    const tag = ref.endsWith('v1') ? { tag: await repository.hash('refs/tags/v1') } : {};
    for (const protocolV0Only of [false, true]) {
      const server = await startServer({ protocolV0Only });
      expect(await probeOf(server.repositoryUrl('repo.git'), { ref })(signal)).toEqual({
        kind: 'ref',
        hash,
        ...tag,
      });
    }
  });

  it.each([false, true])('knows that a ref is not there (version 0 only: %s)', async (protocolV0Only) => {
    const server = await startServer({ protocolV0Only });
    const probe = probeOf(server.repositoryUrl('repo.git'), { ref: 'mai' });
    expect(await probe(signal)).toEqual({ kind: 'missing', what: 'ref' });
  });

  it('asks for names of the kind that the repository has: SHA-256', async () => {
    const path = `${root}/sha256.git`;
    await git(root, 'init', '-q', '--bare', '--object-format=sha256', '-b', 'main', path);
    const tree = await git(path, 'write-tree');
    const commit = await git(path, 'commit-tree', '-m', 'first', tree);
    await git(path, 'update-ref', 'refs/heads/main', commit);
    const server = await startServer();
    const probe = probeOf(server.repositoryUrl('sha256.git'));
    for (let poll = 0; poll < 2; poll += 1) {
      expect(await probe(signal)).toEqual({ kind: 'ref', hash: commit });
    }
    expect(commit).toHaveLength(64);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST']);
  });

  it('sees a change at the next poll', async () => {
    const server = await startServer();
    const probe = probeOf(server.repositoryUrl('repo.git'), { ref: 'moving' });
    await repository.setBranch('moving', 'main~1');
    const before = await probe(signal);
    await repository.setBranch('moving', 'main');
    expect([before, await probe(signal)]).toEqual([
      { kind: 'ref', hash: await repository.hash('main~1') },
      { kind: 'ref', hash: tip },
    ]);
  });
});

describe('a poll with credentials', () => {
  const users = new Map([['me', 'secret']]);

  it('offers them once the server has asked, and from then on at once', async () => {
    const server = await startServer({ users });
    const probe = probeOf(server.repositoryUrl('repo.git'), { authorization: basic('me', 'secret') });
    await probe(signal);
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(server.requests.map(({ status }) => status)).toEqual([401, 200, 200, 200]);
  });

  it('does not offer them to a server that never asks', async () => {
    const server = await startServer();
    const probe = probeOf(server.repositoryUrl('repo.git'), { authorization: basic('me', 'secret') });
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  it('offers wrong ones once, and takes the answer for one', async () => {
    const server = await startServer({ users });
    const probe = probeOf(server.repositoryUrl('repo.git'), { authorization: basic('me', 'old') });
    for (const offers of [1, 2]) {
      expect(await probe(signal)).toEqual({ kind: 'denied', status: 401, offered: true });
      expect(server.requests.filter(({ authorization }) => authorization !== undefined)).toHaveLength(offers);
    }
  });

  it('sees that they have been replaced, and that there are none', async () => {
    const server = await startServer({ users });
    const repo = server.repositoryUrl('repo.git');
    const options = { authorization: basic('me', 'old') };
    const probe = probeOf(repo, { authorization: () => options.authorization });
    await probe(signal);
    options.authorization = basic('me', 'secret');
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(await probeOf(repo)(signal)).toEqual({ kind: 'denied', status: 401, offered: false });
    expect(await probeOf(repo, { gitMayKnowMore: true })(signal)).toMatchObject({ kind: 'unsupported' });
  });

  it.each([
    'Digest realm="x", nonce="1"',
    'Basic realm="x", Digest realm="x"',
    'NTLM, Basic',
    'Negotiate',
    '',
  ])('never sends Basic to a server that asks for %j', async (challenge) => {
    const server = await startServer();
    server.fail({ kind: 'status', status: 401, headers: { 'www-authenticate': challenge } });
    const probe = probeOf(server.repositoryUrl('repo.git'), { authorization: basic('me', 'secret') });
    for (const polls of [1, 2]) {
      expect(await probe(signal)).toEqual({ kind: 'unsupported', why: 'status 401' });
      expect(server.requests).toHaveLength(polls);
    }
    expect(server.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('takes Basic where the other schemes need what it does not have', async () => {
    const server = await startServer();
    const headers = { 'www-authenticate': 'Negotiate, Basic realm="x"' };
    server.fail({ kind: 'status', status: 401, headers }, { when: (r) => r.authorization === undefined });
    const probe = probeOf(server.repositoryUrl('repo.git'), { authorization: basic('me', 'secret') });
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
  });

  it('does not follow a redirect, and so hands them to nobody else', async () => {
    const server = await startServer();
    const other = await startServer();
    server.fail({ kind: 'redirect', to: other.url });
    const probe = probeOf(server.repositoryUrl('repo.git'), { authorization: basic('me', 'secret') });
    expect(await probe(signal)).toMatchObject({ kind: 'unsupported', why: 'status 302' });
    expect(other.requests).toEqual([]);
  });
});

describe('a poll of a server that does not behave', () => {
  it.each(Object.entries(LIES))('leaves %s to git', async (_name, lie) => {
    const server = await startServer();
    server.fail(lie);
    expect(await probeOf(server.repositoryUrl('repo.git'))(signal)).toMatchObject({ kind: 'unsupported' });
  });

  it('leaves an answer to git that is cut in the middle of the list of refs', async () => {
    const server = await startServer();
    const probe = probeOf(server.repositoryUrl('repo.git'));
    await probe(signal);
    server.fail({
      kind: 'answer',
      headers: { 'content-type': 'application/x-git-upload-pack-result' },
      body: `003d${tip} refs/heads/main\n`,
    });
    expect(await probe(signal)).toMatchObject({ kind: 'unsupported' });
  });

  it.each([
    [500, {}, { kind: 'busy', status: 500, retryAfterMs: undefined }],
    [503, { 'retry-after': '7' }, { kind: 'busy', status: 503, retryAfterMs: 7000 }],
    [
      429,
      { 'retry-after': 'Thu, 01 Jan 1970 00:01:00 GMT' },
      { kind: 'busy', status: 429, retryAfterMs: 60_000 },
    ],
    [404, {}, { kind: 'missing', what: 'repository' }],
    [403, {}, { kind: 'denied', status: 403, offered: false }],
    [203, {}, { kind: 'unsupported', why: 'status 203' }],
  ])('tells that it answered %i, and asks again from the start', async (status, headers, answer) => {
    const server = await startServer();
    const probe = probeOf(server.repositoryUrl('repo.git'));
    await probe(signal);
    server.fail({ kind: 'status', status, headers }, { times: 1 });
    expect(await probe(signal)).toEqual(answer);
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST', 'GET', 'POST']);
  });

  it.each([
    { kind: 'stall-in-headers', afterBytes: 0 },
    { kind: 'stall-in-headers', afterBytes: 20 },
    { kind: 'stall', afterBytes: 10 },
  ] as const)('ends with the signal while it holds the connection (%j)', async (fault) => {
    const server = await startServer();
    server.fail(fault);
    const probe = probeOf(server.repositoryUrl('repo.git'));
    const started = performance.now();
    await expect(probe(AbortSignal.timeout(100))).rejects.toMatchObject({
      code: 'http_failed',
      facts: { reason: 'aborted' },
    });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('fails when the connection is cut, and works again afterwards', async () => {
    const server = await startServer();
    const probe = probeOf(server.repositoryUrl('repo.git'));
    server.fail({ kind: 'cut', afterBytes: 5 }, { times: 1 });
    await expect(probe(signal)).rejects.toThrow(/cut|aborted|ECONNRESET|socket/);
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
  });

  it('asks on a new connection when the kept one is gone', async () => {
    const server = await startServer();
    const probe = probeOf(server.repositoryUrl('repo.git'));
    await probe(signal);
    await server.down();
    await server.up();
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
  });

  it('reads a list of very many refs without keeping it', async () => {
    const server = await startServer();
    server.fail(hugeAdvertisement(50_000));
    const before = process.memoryUsage.rss();
    const probe = probeOf(server.repositoryUrl('repo.git'), { ref: 'branch-49999' });
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: '1'.repeat(40) });
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('a poll over HTTPS', () => {
  it.each(['GIT_SSL_CAINFO', 'SSL_CERT_FILE'])('trusts the authority of %s, and no other', async (name) => {
    const authority = makeAuthority(root, name);
    const server = await startServer({ tls: authority.issue('127.0.0.1') });
    const repo = server.repositoryUrl('repo.git');
    const probe = probeOf(repo, { env: { [name]: authority.file } });
    await probe(signal);
    expect(await probe(signal)).toEqual({ kind: 'ref', hash: tip });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST']);
    await expect(probeOf(repo)(signal)).rejects.toThrow(/certificate|issuer|self.signed/i);
  });

  it('is refused by a man in the middle, also where the environment of Node says to trust anybody', async () => {
    const server = await startServer({ tls: makeAuthority(root, 'middle').issue('127.0.0.1') });
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const probe = probeOf(server.repositoryUrl('repo.git'), { authorization: basic('me', 'secret') });
    await expect(probe(signal)).rejects.toThrow(/certificate|issuer|self.signed/i);
    expect(server.requests).toEqual([]);
  });

  it('refuses a certificate for another name', async () => {
    const authority = makeAuthority(root, 'names');
    const server = await startServer({ tls: authority.issue('elsewhere.test') });
    const probe = probeOf(server.repositoryUrl('repo.git'), { env: { SSL_CERT_FILE: authority.file } });
    await expect(probe(signal)).rejects.toThrow(/altnames|does not match/i);
  });
});
