/** A change over HTTP: git fetches it over the connection that polls keep, and in its own way where that fails. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Fault, LIES } from '../../../../test/support/http-faults.ts';
import {
  type GitRequest,
  type HttpGitServer,
  type HttpGitServerOptions,
  startHttpGitServer,
} from '../../../../test/support/http-git-server.ts';
import type { SyncSpec } from '../spec.ts';
import { makeSyncScene, type StartedSync, type SyncScene } from '../testing/scene.ts';

interface Served extends SyncScene {
  readonly server: HttpGitServer;
  readonly sync: StartedSync;
  /** Publishes another commit; the requests that it took. */
  change(): Promise<readonly GitRequest[]>;
}

async function serve(
  spec: Partial<SyncSpec> | ((url: string) => Partial<SyncSpec>) = {},
  options: Partial<HttpGitServerOptions> = {},
): Promise<Served> {
  const scene = await makeSyncScene();
  const server = await startHttpGitServer({ root: scene.join(), ...options });
  onTestFinished(async () => server.stop());
  const parts = typeof spec === 'function' ? spec(server.url) : spec;
  const sync = await scene.start({ repo: server.repositoryUrl('repo.git'), ...parts });
  await sync.pass();
  // Only from the second pass on the remote is asked before anything is fetched.
  await sync.pass();
  let version = 0;
  return {
    ...scene,
    server,
    sync,
    async change() {
      version += 1;
      const content = randomBytes(100_000).toString('hex');
      const hash = await scene.repo.commit({ file: content, [`new-${version}`]: 'y' });
      const before = server.requests.length;
      expect(await sync.pass()).toMatchObject({ hash, changed: true });
      return server.requests.slice(before);
    },
  };
}

const isFetch = ({ method, path }: GitRequest) => method === 'POST' && path.endsWith('/git-upload-pack');

describe('a change over HTTP', () => {
  it.each<[string, Partial<SyncSpec>]>([
    ['of one commit', {}],
    ['with the whole history', { depth: 0 }],
    ['of which each object is checked', { fsck: true }],
  ])('takes two requests: the question, and the fetch (%s)', async (_, spec) => {
    const { change } = await serve(spec);
    expect(await change()).toHaveLength(2);
    expect(await change()).toHaveLength(2);
  });

  it('takes two requests from a server that asks for credentials as well', async () => {
    const { change } = await serve(
      (url) => ({ credentials: [{ url, username: 'ada', password: 'secret' }] }),
      { users: new Map([['ada', 'secret']]) },
    );
    const requests = await change();
    expect(requests.map(({ user, status }) => [user, status])).toEqual([
      ['ada', 200],
      ['ada', 200],
    ]);
  });

  it.each<[string, Fault]>([
    ['refuses', { kind: 'status', status: 403 }],
    ['fails', { kind: 'status', status: 500 }],
    ['shows a page', LIES.loginPage],
    ['breaks off', { kind: 'cut', afterBytes: 300 }],
    [
      'says nothing',
      { kind: 'answer', headers: { 'content-type': 'application/x-git-upload-pack-result' }, body: '' },
    ],
  ])('is fetched by git alone when the server %s at first', async (_, fault) => {
    const { change, server } = await serve();
    let posts = 0;
    server.fail(fault, { times: 1, when: (request) => isFetch(request) && ++posts === 2 });
    expect((await change()).length).toBeGreaterThan(2);
    expect(await change()).toHaveLength(2);
  });

  it('is fetched by git alone where a partial clone has to know the address', async () => {
    const { change } = await serve({ filter: 'blob:none' });
    expect((await change()).length).toBeGreaterThan(3);
  });

  it('is fetched by git alone from a server of version 0', async () => {
    const { change } = await serve({}, { protocolV0Only: true });
    expect((await change()).length).toBeGreaterThan(2);
  });

  it('is as large as it is: a server that is slow is read as it sends', async () => {
    const { change, server } = await serve();
    server.fail({ kind: 'slow', bytesPerSecond: 100_000 }, { when: isFetch });
    expect(await change()).toHaveLength(2);
  });
});
