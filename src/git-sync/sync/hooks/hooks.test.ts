import { chmod, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHookServer } from '../../../../test/support/hook-server.ts';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { systemClock } from '../../../core/clock.ts';
import { createSecrets } from '../../../core/log/secrets.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { parseWebhooks } from '../../options/webhook-json.ts';
import type { SyncEvent } from '../events.ts';
import { initialStatus } from '../status.ts';
import { createHooks, type HooksSpec } from './hooks.ts';

const dir = useTempDir();
const [A, B] = ['a'.repeat(40), 'b'.repeat(40)] as const;
const times = { timeoutMs: 30_000, backoffMs: 60_000 };

const published = (hash: string, changed = true): SyncEvent => ({
  kind: 'published',
  change: { local: '', remote: hash, changed },
});
const publishing = (hash: string): SyncEvent => ({ kind: 'publishing', hash });

function start(spec: Partial<HooksSpec>) {
  const stop = new AbortController();
  const { log, lines } = createRecordedLog();
  const results: string[] = [];
  const hooks = createHooks({
    spec: { dialect: 'v4', oneTime: false, ...spec },
    clock: systemClock,
    log,
    env: {},
    execEnv: () => ({ PATH: process.env.PATH ?? '', SHARED: 'yes' }),
    treePath: () => dir.path,
    delivery: {
      repository: 'r',
      ref: 'main',
      secrets: createSecrets(),
      changedPaths: async ({ hash, previous }) => ({ paths: [`${previous}-${hash}`], isTruncated: false }),
    },
    onResult: async (hook, status) => {
      results.push(`${hook} ${status}`);
    },
    stop: stop.signal,
  });
  onTestFinished(async () => {
    stop.abort();
    await hooks.stopped();
  });
  const observe = (event: SyncEvent) => hooks.observe(event, initialStatus(false));
  const finished = (count: number) => waitFor(() => results.length >= count, { what: `${count} hook runs` });
  return { hooks, observe, finished, results, lines, stop };
}

/** A program that appends `line` to the file `seen`. */
async function program(name: string, line: string): Promise<string> {
  const path = dir.join(name);
  await writeFile(path, `#!/bin/sh\necho "${line}" >> ${dir.join('seen')}\n`);
  await chmod(path, 0o755);
  return path;
}

const seen = () => readFile(dir.join('seen'), 'utf8');

describe('the hooks of a sync', () => {
  it('run before and after publication, with the hash and their environment, in the worktree', async () => {
    const { observe, finished, results } = start({
      prePublishHook: { command: await program('before', 'before $GITSYNC_HASH'), ...times },
      exechook: { command: await program('after', 'after $GITSYNC_HASH $SHARED $PWD'), ...times },
    });
    await observe(publishing(A));
    await finished(1);
    await observe(published(A));
    await finished(2);
    expect(await seen()).toBe(`before ${A}\nafter ${A} yes ${dir.path}\n`);
    expect(results).toEqual(['pre-publish-exechook success', 'exechook success']);
  });

  it('call the webhook with the hash', async () => {
    const server = await startHookServer({ status: 204 });
    onTestFinished(async () => server.stop());
    const { observe, finished } = start({
      webhook: { url: `${server.url}/x`, method: 'PUT', successStatus: 204, ...times },
    });
    await observe(published(A));
    await finished(1);
    expect(server.requests).toMatchObject([
      { method: 'PUT', path: '/x', body: '', headers: { 'gitsync-hash': A } },
    ]);
  });

  it.each([
    ['v4', 1],
    ['v3', 0],
  ] as const)('in %s run %i times for what was found published at the start', async (dialect, runs) => {
    const exechook = { command: await program('after', 'ran'), ...times };
    const { hooks, observe, finished, results } = start({ dialect, exechook });
    await observe(published(A, false));
    expect(hooks.busy()).toHaveLength(runs);
    await finished(runs);
    expect(results).toHaveLength(runs);
  });

  it('tell which worktrees they are busy with', async () => {
    const exechook = { command: await program('slow', '$(sleep 60)'), ...times };
    const { hooks, observe, stop } = start({ exechook });
    expect(hooks.busy()).toEqual([]);
    await observe(published(A));
    await observe(published(B));
    expect(hooks.busy()).toEqual([A]);
    stop.abort();
    await hooks.stopped();
    expect(hooks.busy()).not.toContain(A);
  });

  it('are waited for until each has been tried, or the time is over', async () => {
    const quick = start({ exechook: { command: await program('quick', 'done'), ...times } });
    await quick.observe(published(A));
    await quick.hooks.attempted(60_000);
    expect(quick.results).toEqual(['exechook success']);
    const slow = start({ exechook: { command: await program('slow', '$(sleep 60)'), ...times } });
    await slow.observe(published(A));
    await slow.hooks.attempted(20);
    expect(slow.results).toEqual([]);
  });

  it('tell which of them failed', async () => {
    const { hooks, observe, lines } = start({
      oneTime: true,
      prePublishHook: { command: 'true', ...times },
      exechook: { command: 'false', ...times },
    });
    expect(await hooks.failed()).toEqual([]);
    await observe(publishing(A));
    await observe(published(A));
    expect(await hooks.failed()).toEqual(['exechook']);
    expect(lines.join()).toContain('"code":"hook_failed"');
  });

  it('say what a command with arguments has to become', async () => {
    const { hooks, observe, lines } = start({
      oneTime: true,
      exechook: { command: '/bin/echo hello', ...times },
    });
    await observe(published(A));
    expect(await hooks.failed()).toEqual(['exechook']);
    expect(lines.join()).toContain('put arguments or a shell line into a script');
  });

  it('give their program its arguments as they are, and a line of the shell its own', async () => {
    const args = ['a b', '$HOME', '', '*'];
    const command = await program('args', '$#|$1|$2|$3|$4');
    const plain = start({ exechook: { command, ...times }, exechookArgs: args });
    await plain.observe(published(A));
    await plain.finished(1);
    const line = `echo "$GITSYNC_HASH|$#|$1|$2" >> ${dir.join('seen')} && echo done`;
    const exechook = { command: line, ...times };
    const shell = start({ exechook, exechookShell: true, exechookArgs: args });
    await shell.observe(published(B));
    await shell.finished(1);
    expect(await seen()).toBe(`4|a b|$HOME||*\n${B}|4|a b|$HOME\n`);
  });

  it('that fail with arguments are named with them', async () => {
    const exechook = { command: 'false', ...times };
    const { observe, finished, lines } = start({ exechook, exechookArgs: ['a b'], oneTime: true });
    await observe(published(A));
    await finished(1);
    expect(lines.join()).toContain("Run(false 'a b'): exit status 1");
  });

  it('show what they print while they run, when that is asked for', async () => {
    const exechook = { command: 'echo out; echo err >&2; exec sleep 60', ...times };
    const shown = start({ exechook, exechookShell: true, hookOutput: true });
    await shown.observe(published(A));
    const isThere = (text: string) => shown.lines.some((line) => line.includes(text));
    await waitFor(() => isThere('"line":"out"') && isThere('"line":"err"'), { what: 'both lines' });
    expect(shown.results).toEqual([]);
    const silent = start({ exechook: { ...exechook, command: 'echo out' }, exechookShell: true });
    await silent.observe(published(A));
    await silent.finished(1);
    expect(silent.lines.join()).not.toContain('hook output');
  });

  it('tell each receiver what it has not been told yet, whatever the others answer', async () => {
    const servers = await Promise.all([startHookServer(), startHookServer({ status: 500 }, {})]);
    onTestFinished(async () => {
      await Promise.all(servers.map((server) => server.stop()));
    });
    const webhooks = servers.flatMap(({ url }) => parseWebhooks(JSON.stringify({ url, backoff: '1s' })));
    const { observe, finished } = start({ webhooks });
    await observe({ kind: 'published', change: { local: 'old', remote: A, changed: true } });
    await finished(2);
    await observe({ kind: 'published', change: { local: A, remote: B, changed: true } });
    await finished(4);
    const told = servers.map(({ requests }) =>
      requests.map(({ body }) => {
        const { hash, previousHash, changedPaths } = JSON.parse(body) as Record<string, unknown>;
        return [previousHash, hash, changedPaths];
      }),
    );
    expect(told).toEqual([
      [
        ['old', A, [`old-${A}`]],
        [A, B, [`${A}-${B}`]],
      ],
      [
        ['old', A, [`old-${A}`]],
        ['old', B, [`old-${A}`, `${A}-${B}`]],
      ],
    ]);
  });
});
