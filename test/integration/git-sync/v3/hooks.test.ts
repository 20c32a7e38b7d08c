/** Hooks of v3: told of a change, never of a restart that finds everything as it should be. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { type HookAnswer, startHookServer } from '../../../support/hook-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeMaster, mustRunV3, runV3, startV3, waitForLink } from './support.ts';

const dir = useTempDir();

async function startTarget(...answers: readonly HookAnswer[]) {
  const server = await startHookServer(...answers);
  onTestFinished(async () => server.stop());
  const hashes = () => server.requests.map(({ headers }) => headers['gitsync-hash']);
  return { server, hashes };
}

/** A hook that writes down how it was called. */
async function recordingHook() {
  const log = dir.join('calls');
  const { path } = await installFake(dir.join('bin'), 'hook-record', { OUTPUT: log });
  return { path, calls: async () => readFile(log, 'utf8').catch(() => '') };
}

async function setting(...more: string[]) {
  const { repository, first } = await makeMaster(dir.join('repo'));
  const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', ...more];
  return { repository, first, args };
}

describe('the webhook of v3', () => {
  it('is called once for each change, and not at a restart without one', async () => {
    const { server, hashes } = await startTarget();
    const { repository, first, args } = await setting(`-webhook-url=${server.url}/hook`);
    const before = await startV3([...args, '-wait=0.05']);
    await waitFor(() => hashes().length === 1, { what: 'the first call' });
    const second = await repository.commit({ file: '2' });
    await waitFor(() => hashes().length === 2, { what: 'the second call' });
    await before.stop();

    const restarted = await startV3([...args, '-wait=0.05']);
    await restarted.waitForLog('updated successfully');
    const third = await repository.commit({ file: '3' });
    await waitFor(() => hashes().includes(third), { what: 'the third call' });
    expect(hashes()).toEqual([first, second, third]);
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/hook', body: '' });
  });

  it.each([
    [-1, 503],
    [204, 204],
  ])('takes -webhook-success-status=%i for an answer of %i', async (wanted, status) => {
    const { server } = await startTarget({ status });
    const { args } = await setting(`-webhook-url=${server.url}`, `-webhook-success-status=${wanted}`);
    const result = await mustRunV3([...args, '-webhook-method=PUT', '-one-time']);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.method).toBe('PUT');
    expect(result.stderr).not.toContain('hook failed');
  });

  it('never succeeds with -webhook-success-status=0, which no answer has', async () => {
    const { server } = await startTarget({ status: 200 });
    const { args } = await setting(`-webhook-url=${server.url}`, '-webhook-success-status=0');
    const running = await startV3([...args, '-webhook-backoff=1s']);
    await waitFor(() => server.requests.length === 2, { what: 'the second try' });
    await running.waitForLog('"msg"="hook failed"');
  });

  it('is repeated after -webhook-backoff until it succeeds', async () => {
    const { server, hashes } = await startTarget({ status: 500 }, { status: 200 });
    const { first, args } = await setting(`-webhook-url=${server.url}`, '-webhook-backoff=1s', '-v=1');
    const running = await startV3(args);
    await running.waitForLog('webhook succeeded');
    expect(hashes()).toEqual([first, first]);
    const [one, two] = server.requests.map(({ at }) => at);
    expect((two ?? 0) - (one ?? 0)).toBeGreaterThanOrEqual(990);
  });
});

describe('the exechook of v3', () => {
  it.each(['-exechook-command', '-sync-hook-command'])(
    'runs in the new tree, which the link leads to already (%s)',
    async (flag) => {
      const hook = await recordingHook();
      const { first, args } = await setting(`${flag}=${hook.path}`);
      await mustRunV3([...args, '-one-time']);
      expect(await hook.calls()).toBe(`${first}|${dir.join(`root/rev-${first}`)}||\n`);
    },
  );

  it('does not run at a restart without a change', async () => {
    const hook = await recordingHook();
    const { first, args } = await setting(`-exechook-command=${hook.path}`);
    await mustRunV3([...args, '-one-time']);
    await mustRunV3([...args, '-one-time']);
    expect(await hook.calls()).toBe(`${first}|${dir.join(`root/rev-${first}`)}||\n`);
  });

  it.each(['GIT_SYNC_EXECHOOK_COMMAND', 'GIT_SYNC_HOOK_COMMAND'])('may come by $%s', async (name) => {
    const hook = await recordingHook();
    const { first, args } = await setting('-one-time');
    await mustRunV3(args, { env: { [name]: hook.path } });
    expect(await hook.calls()).toContain(first);
  });

  it('that fails is reported by -one-time, and the data is there', async () => {
    const { first, args } = await setting('-exechook-command=/bin/false', '-one-time');
    const result = await runV3(args);
    expect(result.code).toBe(1);
    await waitForLink(dir.join('root/link'), `rev-${first}`);
  });
});
