/** Readiness, metrics and waits while the server is away. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeScene, type OwningTest, type Sync } from './scene.ts';

async function start(test: OwningTest, flags: readonly string[]) {
  const scene = await makeScene(test);
  const server = await startHttpGitServer({ root: path.dirname(scene.repo.path) });
  test.onTestFinished(async () => server.stop());
  const url = server.repositoryUrl(path.basename(scene.repo.path));
  const sync = await scene.start([`--repo=${url}`, ...flags], { plainGit: true });
  await sync.synced();
  return { scene, server, sync };
}

const statusOf = async (sync: Sync) => (await (await sync.get('/status')).json()) as Record<string, unknown>;
const failures = (reason: string) => `git_sync_failures_total{reason="${reason}"}`;

describe('an outage of the server', () => {
  it('ends no process that has data, and what is published comes up to date after it', async (test) => {
    const { scene, server, sync } = await start(test, ['--period=50ms']);
    await server.down();
    await sync.waitForLog('"failCount":5');
    const count = (await sync.metric(failures('remote_unreachable'))) ?? 0;
    expect(count).toBeGreaterThanOrEqual(5);
    expect(await scene.read()).toBe('first');
    await scene.commit('second');
    await server.up();
    await sync.synced();
    expect(await scene.read()).toBe('second');
  });

  it('ends it where that was asked for', async (test) => {
    const { server, sync } = await start(test, ['--period=50ms', '--max-failures=0']);
    await server.down();
    expect(await sync.exit).toMatchObject({ code: 1 });
  });

  it('ends one that has no data yet, as in git-sync', async (test) => {
    const scene = await makeScene(test);
    await scene.mustFail(['--repo=http://127.0.0.1:1/nowhere']);
  });

  it('makes it unready when the data is older than --max-age, and never not alive', async (test) => {
    const { scene, server, sync } = await start(test, ['--period=50ms', '--max-age=1s']);
    expect((await sync.get('/readyz')).status).toBe(200);
    expect(await statusOf(sync)).toMatchObject({ isStale: false, ref: 'HEAD', lastError: null });
    await server.down();
    await waitFor(async () => (await sync.get('/readyz')).status === 503, { what: 'it to be unready' });
    expect(await (await sync.get('/readyz')).text()).toMatch(
      /^no sync has succeeded for \d+ s, and --max-age is 1s$/m,
    );
    expect((await sync.get('/livez')).status).toBe(200);
    expect((await sync.get('/')).status).toBe(200);
    expect(await sync.metric('git_sync_age_seconds')).toBeGreaterThan(1);
    expect(await statusOf(sync)).toMatchObject({ isStale: true, lastError: { code: 'remote_unreachable' } });
    await server.up();
    await waitFor(async () => (await sync.get('/readyz')).status === 200, { what: 'it to be ready' });
    expect(await scene.read()).toBe('first');
  });

  it('is waited out longer and longer with --max-backoff', async (test) => {
    const { server, sync } = await start(test, ['--period=50ms', '--max-backoff=400ms']);
    await server.down();
    for (const wait of ['50ms', '100ms', '200ms', '400ms', '400ms']) {
      await sync.waitForLog(`"msg":"next sync","waitTime":"${wait}"`, { from: sync.lines().length - 3 });
    }
  });
});

describe('the metrics of polls', () => {
  it('tell the kind of each, when something last changed, and what is published', async (test) => {
    const { scene, server, sync } = await start(test, ['--period=50ms', '--max-failures=-1']);
    await sync.passes(2);
    expect(await sync.metric('git_sync_polls_total{kind="http"}')).toBeGreaterThan(1);
    const received = (await sync.metric('git_sync_received_bytes_total{for="poll"}')) ?? 0;
    expect(received).toBeGreaterThan(100);
    await sync.passes(2);
    expect(await sync.metric('git_sync_received_bytes_total{for="poll"}')).toBeGreaterThan(received);
    const before = (await sync.metric('git_sync_last_change_timestamp_seconds')) ?? 0;
    const hash = await scene.commit('second');
    await sync.synced();
    const changed = async () => ((await sync.metric('git_sync_last_change_timestamp_seconds')) ?? 0) > before;
    await waitFor(changed, { what: 'the change to be told' });
    expect(await sync.metric(`git_sync_published_info{hash="${hash}"}`)).toBe(1);
    // A commit, a tree and a blob; counted when the pass is over.
    const fetched = () => sync.metric('git_sync_received_bytes_total{for="fetch"}');
    await waitFor(async () => ((await fetched()) ?? 0) > 150, {
      what: 'the bytes of the change to be counted',
    });
    server.fail({ kind: 'status', status: 429, headers: { 'retry-after': '300' } });
    const waiting = async () => ((await sync.metric('git_sync_polls_total{kind="waiting"}')) ?? 0) > 1;
    await waitFor(waiting, { what: 'polls that leave the server alone' });
  });
});
