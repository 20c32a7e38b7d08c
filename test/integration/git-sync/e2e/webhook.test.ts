import { stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HookAnswer, type HookServer, startHookServer } from '../../../support/hook-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { isThere, makeScene, type OwningTest } from './scene.ts';

async function serve(test: OwningTest, ...answers: readonly HookAnswer[]): Promise<HookServer> {
  const server = await startHookServer(...answers);
  test.onTestFinished(async () => server.stop());
  return server;
}

describe.concurrent('--webhook-url', () => {
  it('is called once for each change (webhook_success)', async (test) => {
    const scene = await makeScene(test, '1');
    const server = await serve(test);
    const flags = ['--period=100ms', `--webhook-url=${server.url}`, '--webhook-success-status=200'];
    const sync = await scene.start(flags);
    await sync.synced();
    await waitFor(() => server.requests.length > 0, { what: 'the first call' });
    const first = await scene.repo.hash();
    const second = await scene.commit('2');
    await sync.synced();
    await waitFor(() => server.requests.length > 1, { what: 'the second call' });
    await sync.passes();
    const expected = [first, second].map((hash) => ({
      method: 'POST',
      path: '/',
      body: '',
      headers: { 'gitsync-hash': hash, 'content-length': '0' },
    }));
    expect(server.requests).toHaveLength(2);
    expect(server.requests).toMatchObject(expected);
    expect(await sync.metric('git_sync_hook_run_count_total{name="webhook",status="success"}')).toBe(2);
  });

  it('is called again 3 s after a failure, counted from before the touch-file (webhook_fail_retry)', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, { status: 500 }, { status: 200 });
    const sync = await scene.start(['--period=100ms', `--webhook-url=${server.url}`]);
    const touched = path.join(scene.root, '_sync_lock');
    await waitFor(() => isThere(touched), { what: 'the touch-file', intervalMs: 5 });
    const { mtimeMs } = await stat(touched);
    await waitFor(() => server.requests.length > 1, { what: 'the second call' });
    const [first, second] = server.requests.map(({ at }) => performance.timeOrigin + at);
    // The suite counts the calls between 1 s and 3 s after the touch-file. The margins are for a busy machine.
    expect(Number(second) - Number(first)).toBeGreaterThan(2990);
    expect(Number(first) - mtimeMs).toBeLessThan(1500);
    expect(Number(second) - Number(first)).toBeLessThan(6000);
    await sync.passes(3);
    expect(server.requests).toHaveLength(2);
  });

  it('is called before --one-time ends (webhook_success_once)', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, { delayMs: 300 });
    await scene.once([`--webhook-url=${server.url}`, '--webhook-success-status=200']);
    expect(server.requests).toHaveLength(1);
  });

  it('that fails fails --one-time after one call, and the data is there (webhook_fail_retry_once)', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, { status: 500 });
    const result = await scene.run(['--one-time', `--webhook-url=${server.url}`]);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain('received response code 500 expected 200');
    expect(await scene.read()).toBe('first');
    expect(server.requests).toHaveLength(1);
  });

  it('takes any answer for success when --webhook-success-status is 0 (webhook_fire_and_forget)', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, { status: 404 });
    const sync = await scene.start([
      '--period=100ms',
      `--webhook-url=${server.url}`,
      '--webhook-success-status=0',
      '--webhook-backoff=1s',
    ]);
    await sync.synced();
    await sync.waitForLog('"msg":"webhook succeeded"');
    await sync.passes(12);
    expect(server.requests).toHaveLength(1);
  });

  it('is called with another method, and fails when the answer takes longer than --webhook-timeout', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, { hang: 'after-headers' });
    const flags = [`--webhook-url=${server.url}/path?a=b`, '--webhook-method=PUT', '--webhook-timeout=1s'];
    expect(await scene.run(['--one-time', ...flags])).toMatchObject({ code: 1 });
    expect(server.requests).toMatchObject([{ method: 'PUT', path: '/path?a=b' }]);
  });

  it('may hold a user and a password, which are sent as basic authentication', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test);
    await scene.once([`--webhook-url=${server.url.replace('//', '//me:my-word@')}`]);
    const authorization = `Basic ${Buffer.from('me:my-word').toString('base64')}`;
    expect(server.requests).toMatchObject([{ headers: { authorization } }]);
  });

  it('is followed where it redirects', async (test) => {
    const scene = await makeScene(test);
    const target = await serve(test);
    const server = await serve(test, { status: 307, headers: { location: `${target.url}/there` } });
    await scene.once([`--webhook-url=${server.url}`]);
    expect(target.requests).toMatchObject([{ method: 'POST', path: '/there' }]);
  });
});
