/**
 * Certificates are checked whatever the environment of Node says: a server with a certificate of nobody's stands where a
 * right one is expected, in a pod that shares NODE_TLS_REJECT_UNAUTHORIZED=0 with its neighbours. It must see handshakes,
 * so that the test can fail, and not one request.
 */
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../../src/core/http/client/fixtures/authority.ts';
import { makeAppKey } from '../support/github-app-server.ts';
import { startHttpGitServer } from '../support/http-git-server.ts';
import { makeTempDir, removeTempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait-for.ts';
import { startCron } from './cron/support/cron.ts';
import { makeScene } from './git-sync/e2e/scene.ts';

const NODE_VARIABLES = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '--tls-min-v1.0 --use-openssl-ca' };

interface Impostor {
  readonly url: string;
  readonly handshakes: () => number;
  /** Request line and Authorization of all that it was told. */
  readonly heard: readonly string[];
}

async function startImpostor(port = 0): Promise<Impostor> {
  const directory = await makeTempDir();
  const heard: string[] = [];
  let handshakes = 0;
  const server = createServer(
    makeAuthority(directory, 'impostor').issue('127.0.0.1'),
    (request, response) => {
      heard.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
      response.end();
    },
  );
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    handshakes += 1;
    open.add(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.close();
    open.forEach((socket) => socket.destroy());
    await removeTempDir(directory);
  });
  const address = server.address();
  const actual = typeof address === 'object' ? address?.port : port;
  return { url: `https://127.0.0.1:${actual}`, handshakes: () => handshakes, heard };
}

const test = { onTestFinished };

describe('a man in the middle', () => {
  it('hears nothing from the cheap check of the remote', async () => {
    const scene = await makeScene(test);
    const authority = makeAuthority(scene.join());
    const users = new Map([['u', 'hunter2canary']]);
    const tls = authority.issue('127.0.0.1');
    const server = await startHttpGitServer({ root: scene.join(), users, tls });
    const sync = await scene.start(
      [
        `--repo=${server.repositoryUrl('repo', { name: 'u', password: 'hunter2canary' })}`,
        '--period=100ms',
        '--max-failures=-1',
      ],
      { plainGit: true, env: { ...NODE_VARIABLES, GIT_SSL_CAINFO: authority.file } },
    );
    await sync.synced();
    // The password is known to be wanted, and comes at once with each poll from here on.
    await waitFor(() => server.requests.at(-1)?.method === 'POST' && server.requests.length > 8, {
      what: 'polls',
    });
    await server.stop();
    const impostor = await startImpostor(server.port);
    await waitFor(() => impostor.handshakes() > 5, { what: 'polls that meet the impostor' });
    expect(impostor.heard).toEqual([]);
    expect(sync.stderr()).not.toContain('NODE_TLS_REJECT_UNAUTHORIZED');
  });

  it('hears nothing from a webhook', async () => {
    const scene = await makeScene(test);
    const impostor = await startImpostor();
    const url = impostor.url.replace('//', '//u:hunter2canary@');
    const flags = [`--webhook-url=${url}/s3cret`, '--one-time'];
    expect(await scene.run(flags, { env: NODE_VARIABLES })).toMatchObject({ code: 1 });
    expect(impostor.handshakes()).toBeGreaterThan(0);
    expect(impostor.heard).toEqual([]);
  });

  it('hears nothing from the question for a password', async () => {
    const scene = await makeScene(test);
    const impostor = await startImpostor();
    const url = impostor.url.replace('//', '//u:hunter2canary@');
    await scene.mustFail([`--askpass-url=${url}/s3cret`, '--one-time'], { env: NODE_VARIABLES });
    expect(impostor.handshakes()).toBeGreaterThan(0);
    expect(impostor.heard).toEqual([]);
  });

  it('hears nothing from the exchange of a token with GitHub', async () => {
    const scene = await makeScene(test);
    const impostor = await startImpostor();
    const flags = [
      `--github-base-url=${impostor.url}`,
      '--github-app-client-id=x',
      '--github-app-installation-id=1',
      '--one-time',
    ];
    const env = { ...NODE_VARIABLES, GITSYNC_GITHUB_APP_PRIVATE_KEY: makeAppKey().privateKeyPem };
    await scene.mustFail(flags, { env });
    expect(impostor.handshakes()).toBeGreaterThan(0);
    expect(impostor.heard).toEqual([]);
  });

  it("hears nothing from cron's pings", async () => {
    const directory = await makeTempDir();
    onTestFinished(() => removeTempDir(directory));
    const impostor = await startImpostor();
    const crontab = `# pillion: name=job ping=$PING_URL\n* * * * * * * true\n`;
    const env = { ...NODE_VARIABLES, PING_URL: `${impostor.url}/s3cret` };
    const cron = await startCron(directory, crontab, [], { env });
    await cron.waitForLog('cannot send a ping');
    expect(impostor.handshakes()).toBeGreaterThan(0);
    expect(impostor.heard).toEqual([]);
    expect(cron.stderr()).not.toContain('NODE_TLS_REJECT_UNAUTHORIZED');
  });
});

it('what the user tells git not to check, the cheap check does not check either: git does it', async () => {
  const scene = await makeScene(test);
  const tls = makeAuthority(scene.join()).issue('127.0.0.1');
  const server = await startHttpGitServer({ root: scene.join(), tls });
  onTestFinished(async () => server.stop());
  const repo = `--repo=${server.repositoryUrl('repo')}`;
  for (const [flags, env] of [
    [['--git-config=http.sslVerify:false'], {}],
    [[], { GIT_SSL_NO_VERIFY: 'true' }],
  ] as const) {
    const sync = await scene.start([repo, '--period=100ms', ...flags], { plainGit: true, env });
    await sync.synced();
    await sync.passes(3);
    const before = server.requests.length;
    await sync.passes(2);
    // Each poll is asked and answered.
    expect(server.requests.length).toBeGreaterThan(before);
    await sync.stop();
  }
});
