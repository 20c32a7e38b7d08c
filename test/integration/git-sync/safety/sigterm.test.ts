import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { startHookServer } from '../../../support/hook-server.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { type RunningPillion, startPillion } from '../../../support/pillion.ts';
import { expectNoProcess } from '../../../support/processes.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { leftoversIn, makeVersions, mustSync, pseudoRandom, startReader, syncArguments } from './support.ts';
import { commitVersion } from './tree.ts';

// Many processes one after another: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 400_000 });
const temp = useTempDir();
/** Children that ignore TERM get half a second, and what hangs here would hang for minutes: the rest is for the machine. */
const LONGEST_MS = 8000;

/** Ends it as Kubernetes does, and looks whether anything is left. */
async function mustEndWell(running: RunningPillion, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const asked = performance.now();
  running.signal(signal);
  const exit = await running.exit;
  expect(exit, running.stderr()).toMatchObject({ code: null, signal });
  expect(performance.now() - asked).toBeLessThan(LONGEST_MS);
  expect(await readdir(running.tmpDir)).toEqual([]);
  // All its children have its TMPDIR in their environment.
  await expectNoProcess(running.tmpDir);
}

async function start(repo: string, ...flags: string[]): Promise<RunningPillion> {
  const running = await startPillion(syncArguments({ repo, root: temp.join('root'), flags }));
  onTestFinished(async () => {
    await running.stop();
  });
  return running;
}

describe('SIGTERM', () => {
  it('at any moment ends it at once, by that signal, with no child, lock or temporary file left', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await mustSync({ repo: repository.url, root: temp.join('root') });
    const reader = await startReader(temp.join('root', 'link'));
    const random = pseudoRandom(7);
    for (let version = 2; version < 22; version += 1) {
      await commitVersion(repository, version);
      const running = await start(repository.url, '--period=10ms');
      // From the moment on when it can have begun anything at all.
      await running.waitForLog('starting up');
      await delay(random() * 200);
      await mustEndWell(running);
      expect(await leftoversIn(temp.join('root'))).toEqual([]);
    }
    await reader.finish();
    await mustSync({ repo: repository.url, root: temp.join('root') });
  });

  it.each(['SIGHUP', 'SIGINT'] as const)(
    'is what %s is: neither leaves a child, lock or temporary file',
    async (name) => {
      const repository = await makeVersions(temp.join('repo.git'));
      const fake = await installFake(temp.join('bin'), 'git-hang', {
        ONLY: 'fetch',
        PIDS: temp.join('pids'),
      });
      const running = await start(repository.url, `--git=${fake.path}`);
      await waitFor(async () => (await readdir(temp.path)).includes('pids'), { what: 'git to hang' });
      await mustEndWell(running, name);
      expect(await leftoversIn(temp.join('root'))).toEqual([]);
    },
  );

  it.each(['fetch', 'read-tree', 'version'])('ends a git %s that ignores it', async (only) => {
    const repository = await makeVersions(temp.join('repo.git'));
    const fake = await installFake(temp.join('bin'), 'git-hang', { ONLY: only, PIDS: temp.join('pids') });
    const running = await start(repository.url, `--git=${fake.path}`);
    await waitFor(async () => (await readdir(temp.path)).includes('pids'), { what: 'git to hang' });
    await mustEndWell(running);
    expect(await leftoversIn(temp.join('root'))).toEqual([]);
  });

  it('ends a hook that ignores it, and its grandchild', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const hook = await installFake(temp.join('bin'), 'hook-hang', { PIDS: temp.join('pids') });
    const running = await start(repository.url, `--exechook-command=${hook.path}`);
    await waitFor(async () => (await readdir(temp.path)).includes('pids'), { what: 'the hook to hang' });
    await mustEndWell(running);
  });

  it('ends a poll, a webhook and an HTTP server that somebody holds open', async () => {
    await makeVersions(temp.join('served', 'repo.git'));
    const server = await startHttpGitServer({ root: temp.join('served') });
    const hooks = await startHookServer({ hang: 'never' });
    onTestFinished(async () => Promise.all([server.stop(), hooks.stop()]).then(() => {}));
    const running = await start(
      server.repositoryUrl('repo.git'),
      '--period=10ms',
      `--webhook-url=${hooks.url}`,
      '--webhook-timeout=60s',
      '--http-bind=127.0.0.1:0',
    );
    await waitFor(() => hooks.requests.length > 0, { what: 'the webhook' });
    server.fail({ kind: 'stall-in-headers', afterBytes: 0 });
    await waitFor(() => server.heldConnections() > 0, { what: 'the poll to stall' });
    await mustEndWell(running);
  });

  it('between two syncs, and when there is nothing more to sync, ends it too, as SIGINT does', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const idle = await start(repository.url, '--period=100s');
    await idle.waitForLog('updated successfully');
    await mustEndWell(idle, 'SIGINT');
    const pinned = await start(repository.url, `--ref=${await repository.hash()}`);
    await pinned.waitForLog('no further sync needed');
    // With nothing to do for ever it stays all the same.
    expect(await Promise.race([pinned.exit, delay(500)])).toBeUndefined();
    await mustEndWell(pinned);
  });

  it('sent twice does not make it die with something left behind', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const fake = await installFake(temp.join('bin'), 'git-hang', { ONLY: 'fetch', PIDS: temp.join('pids') });
    const running = await start(repository.url, `--git=${fake.path}`);
    await waitFor(async () => (await readdir(temp.path)).includes('pids'), { what: 'git to hang' });
    running.signal('SIGTERM');
    await delay(20);
    await mustEndWell(running);
  });
});
