import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type HookAnswer, type HookServer, startHookServer } from '../../../support/hook-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeScene, type OwningTest } from './scene.ts';

async function serve(test: OwningTest, ...answers: readonly HookAnswer[]): Promise<HookServer> {
  const server = await startHookServer(...answers);
  test.onTestFinished(async () => server.stop());
  return server;
}

const bodies = ({ requests }: HookServer) =>
  requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

describe.concurrent('--webhook', () => {
  it('tells several receivers of each change, with the paths, the ref and a signature', async (test) => {
    const scene = await makeScene(test);
    const [signed, plain] = [await serve(test), await serve(test)];
    const [key, password] = [scene.join('key'), scene.join('password')];
    await writeFile(key, 'the-key-of-the-hook\n');
    await writeFile(password, 'the-password-of-the-hook\n');
    const sync = await scene.start([
      '--period=100ms',
      '--ref=e2e-branch',
      `--webhook=${JSON.stringify({ url: `${signed.url}/c4pability-of-the-hook`, 'secret-file': key })}`,
      `--webhook=${JSON.stringify({ url: plain.url, username: 'u', 'password-file': password, headers: { 'X-Token': 'the-header-of-the-hook' } })}`,
    ]);
    await waitFor(() => signed.requests.length > 0 && plain.requests.length > 0, { what: 'the first calls' });
    const first = await scene.repo.hash();
    const second = await scene.repo.commit({ 'a b/ü': 'x', 'line\nend': 'y' });
    await waitFor(() => signed.requests.length > 1, { what: 'the second call' });
    const common = { ref: 'e2e-branch', repository: scene.repo.url };
    expect(bodies(signed)).toEqual([
      { ...common, hash: first, previousHash: null, changedPaths: ['file'], changedPathsTruncated: false },
      {
        ...common,
        hash: second,
        previousHash: first,
        changedPaths: ['a b/ü', 'line\nend'],
        changedPathsTruncated: false,
      },
    ]);
    for (const { body, headers } of signed.requests) {
      const mac = createHmac('sha256', 'the-key-of-the-hook').update(body).digest('hex');
      expect(headers['x-hub-signature-256']).toBe(`sha256=${mac}`);
    }
    expect(plain.requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('u:the-password-of-the-hook').toString('base64')}`,
      'x-token': 'the-header-of-the-hook',
      'gitsync-hash': first,
    });
    // A call is counted when its answer is there, which is after it has come in here.
    const count = async () => sync.metric('git_sync_hook_run_count_total{name="webhook",status="success"}');
    await waitFor(async () => Number(await count()) > 2 || undefined, {
      what: 'three calls that are counted',
    });
    expect(sync.stderr()).not.toMatch(/of-the-hook/);
  });

  it('gives the first of very many paths, and all of them again to whom it could not tell', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, {}, { status: 503 }, {});
    const sync = await scene.start(['--period=100ms', `--webhook={"url":"${server.url}","backoff":"1s"}`]);
    await waitFor(() => server.requests.length === 1, { what: 'the first call' });
    const first = await scene.repo.hash();
    const files = Array.from({ length: 3000 }, (_, n) => [`directory/file-${n}`, 'x']);
    await scene.repo.commit(Object.fromEntries(files) as Record<string, string>);
    await waitFor(() => server.requests.length === 3, { what: 'the call that succeeds' });
    const third = await scene.commit('third');
    await waitFor(() => server.requests.length === 4, { what: 'the last call' });
    const [, refused, accepted, last] = bodies(server);
    expect(accepted).toEqual(refused);
    expect(accepted).toMatchObject({ previousHash: first, changedPathsTruncated: true });
    expect(accepted?.['changedPaths']).toHaveLength(1000);
    expect(last).toMatchObject({ hash: third, changedPaths: ['file'] });
    await sync.passes();
    expect(server.requests).toHaveLength(4);
  });

  it('that cannot be told fails --one-time, and the data is there', async (test) => {
    const scene = await makeScene(test);
    const server = await serve(test, { status: 404 });
    const result = await scene.run(['--one-time', `--webhook={"url":"${server.url}"}`]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('answered with status 404');
    expect(await scene.read()).toBe('first');
    expect(server.requests).toHaveLength(1);
  });

  it('is in no hook and no message when it is given in the environment, or wrong', async (test) => {
    const scene = await makeScene(test);
    const env = { GITSYNC_WEBHOOK: '{"url":"http://127.0.0.1:1/the-secret-path-here"' };
    const wrong = await scene.run(['--one-time'], { env });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('GITSYNC_WEBHOOK="REDACTED"');
    expect(wrong.stderr).toContain('not a JSON object or list');
    const right = { GITSYNC_WEBHOOK: `${env.GITSYNC_WEBHOOK}}` };
    const printed = ['--exechook-command=env', '--hook-output', '--one-time'];
    const { stderr } = await scene.run(printed, { env: right });
    expect(stderr).toContain('"line":"GITSYNC_HASH=');
    expect(wrong.stderr + stderr).not.toContain('secret-path');
    expect(stderr).not.toContain('"line":"GITSYNC_WEBHOOK');
  });
});
