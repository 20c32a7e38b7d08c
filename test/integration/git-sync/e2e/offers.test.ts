/** How often a server is asked in a pass that fails: never more than by git-sync itself. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { LIES } from '../../../support/http-faults.ts';
import { type GitRequest, startHttpGitServer } from '../../../support/http-git-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeScene, type OwningTest } from './scene.ts';

/** A sync that has worked once, and the requests of each pass from then on. */
async function scene(test: OwningTest, flags: readonly string[] = []) {
  const made = await makeScene(test);
  const users = new Map([['u', 'right']]);
  const server = await startHttpGitServer({ root: made.join(), users });
  test.onTestFinished(async () => server.stop());
  const repo = `--repo=${server.repositoryUrl('repo', { name: 'u', password: 'right' })}`;
  const fixed = [repo, '--period=300ms', '--max-failures=-1', ...flags];
  const sync = await made.start(fixed, { plainGit: true });
  await sync.synced();
  await sync.passes(2);
  /** Requests between two moments at which passes had just ended. */
  const during = async (passes: number): Promise<GitRequest[]> => {
    await sync.passes(1);
    const before = server.requests.length;
    await sync.passes(passes);
    return server.requests.slice(before);
  };
  return { server, users, sync, during };
}

const offers = (requests: readonly GitRequest[]) =>
  requests.filter(({ authorization }) => authorization !== undefined).length;

describe('a pass that fails', () => {
  it('offers a password that has become wrong once', async (test) => {
    const { users, during, sync } = await scene(test);
    users.set('u', 'changed');
    const requests = await during(4);
    // A pass more or less may have begun or ended around the four.
    expect(offers(requests)).toBeGreaterThanOrEqual(3);
    expect(offers(requests)).toBeLessThanOrEqual(6);
    expect(sync.stderr()).toContain('refused the credentials (status 401)');
  });

  it.each([404, 503])('asks a server that answers %i once', async (status) => {
    const { server, during } = await scene({ onTestFinished });
    server.fail({ kind: 'status', status });
    const requests = await during(4);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    expect(requests.length).toBeLessThanOrEqual(6);
  });

  it.each([
    ['a web page', LIES.loginPage],
    ['one that begins with a mark of UTF-8', { ...LIES.loginPage, body: `\ufeff${LIES.loginPage.body}` }],
    ['one with status 203', { ...LIES.loginPage, status: 203 }],
  ])('asks once where %s answers, and sends no password that it has not asked for', async (_, page) => {
    const { server, during, sync } = await scene({ onTestFinished });
    server.fail(page);
    await sync.waitForLog(/"code":"web_page"/);
    const requests = await during(4);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    expect(requests.length).toBeLessThanOrEqual(6);
    expect(offers(requests)).toBe(0);
  });

  it('does not take an earlier failure without a wait for one with it', async (test) => {
    const made = await makeScene(test);
    const server = await startHttpGitServer({ root: made.join() });
    test.onTestFinished(async () => server.stop());
    server.fail({ kind: 'status', status: 503 });
    const flags = [`--repo=${server.repositoryUrl('repo')}`, '--period=300ms', '--max-failures=-1'];
    const sync = await made.start(flags, { plainGit: true });
    await sync.waitForLog(/returned error: 503/);
    server.heal();
    server.fail({ kind: 'status', status: 429, headers: { 'retry-after': '300' } });
    await sync.waitForLog(/status 429, ask again in 300 s/);
    const asked = server.requests.length;
    await sync.passes(3);
    expect(server.requests).toHaveLength(asked);
  });

  it.each([429, 503])(
    'waits after a %i as long as it is asked to, before the first success too',
    async (status) => {
      const made = await makeScene({ onTestFinished });
      const server = await startHttpGitServer({ root: made.join() });
      onTestFinished(async () => server.stop());
      server.fail({ kind: 'status', status, headers: { 'retry-after': '300' } });
      const flags = [`--repo=${server.repositoryUrl('repo')}`, '--period=300ms', '--max-failures=-1'];
      const sync = await made.start(flags, { plainGit: true });
      await sync.waitForLog(new RegExp(`status ${status}, ask again in 300 s`));
      await sync.passes(3);
      // By git, and once more for what git does not tell.
      expect(server.requests).toHaveLength(2);
    },
  );

  it('does not ask a server that wants to be left alone for a while', async (test) => {
    const { server, sync } = await scene(test);
    server.fail({ kind: 'status', status: 429, headers: { 'retry-after': '300' } });
    await sync.waitForLog(/status 429, ask again in 300 s/);
    const asked = server.requests.length;
    await sync.passes(3);
    expect(server.requests).toHaveLength(asked);
  });

  it('never sends Basic where Digest is asked for', async (test) => {
    const { server, sync } = await scene(test);
    const headers = { 'www-authenticate': 'Digest realm="x", nonce="1", qop="auth"' };
    const from = server.requests.length;
    server.fail({ kind: 'status', status: 401, headers });
    await waitFor(() => server.requests.length > from + 6, { what: 'more polls' });
    await sync.passes(1);
    // The first one came before the server had said that it changed its mind.
    const basic = server.requests.slice(from + 1).filter((each) => each.authorization?.startsWith('Basic'));
    expect(basic).toEqual([]);
  });
});
