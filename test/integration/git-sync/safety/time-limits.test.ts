import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { startHookServer } from '../../../support/hook-server.ts';
import type { Fault } from '../../../support/http-faults.ts';
import { type HttpGitServer, startHttpGitServer } from '../../../support/http-git-server.ts';
import type { PillionResult } from '../../../support/pillion.ts';
import { expectNoProcess, isAlive } from '../../../support/processes.ts';
import { startSshServer } from '../../../support/ssh-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import {
  expectPublished,
  leftoversIn,
  makeVersions,
  mustSync,
  type SyncOptions,
  syncOnce,
} from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();
const TIMEOUT_MS = 600;
/** The promise: so much more than the timeout, whatever hangs. */
const SLACK_MS = 2000;
/** What hangs here would hang for two minutes. How long a busy machine takes to start a program is nobody's fault. */
const HANGS_MS = 30_000;

/** How long the sync itself took, by its log: from its start, or from such a message on, to the last thing it said. */
function tookMs(log: string, since = ''): number {
  const lines = log.split('\n');
  const counted = lines.slice(lines.findIndex((line) => line.includes(since))).join('\n');
  const times = [...counted.matchAll(/"ts":"([^"]+)"/g)].map(([, time]) => Date.parse(time ?? ''));
  expect(times.length).toBeGreaterThan(1);
  return (times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN);
}

function expectInTime({ stderr, durationMs }: PillionResult, timeoutMs: number, since?: string): void {
  expect(tookMs(stderr, since), stderr).toBeLessThan(timeoutMs + SLACK_MS);
  expect(durationMs).toBeLessThan(HANGS_MS);
}

/** A sync with a short timeout that must fail within two more seconds, and leave no process. */
async function mustTimeOut(options: SyncOptions, timeoutMs: number = TIMEOUT_MS): Promise<string> {
  const flags = [`--sync-timeout=${timeoutMs}ms`, ...(options.flags ?? [])];
  const result = await syncOnce({ ...options, flags });
  expect(result.code, result.stderr).toBe(1);
  expectInTime(result, timeoutMs);
  await expectNoProcess(options.root);
  expect(result.leftInTmpDir).toEqual([]);
  return result.stderr;
}

async function serveVersions() {
  const repository = await makeVersions(temp.join('served', 'repo.git'));
  const server = await startHttpGitServer({ root: temp.join('served') });
  onTestFinished(async () => server.stop());
  return { repository, server, repo: server.repositoryUrl('repo.git') };
}

type Step = 'advertisement' | 'list of refs' | 'pack';
const STEPS: readonly Step[] = ['advertisement', 'list of refs', 'pack'];

/** Git's protocol version 2 over HTTP: a GET, then a POST for the refs, then one for the pack. */
function isAt(server: HttpGitServer, step: Step): () => boolean {
  return () => {
    const sinceGet =
      server.requests.length - 1 - server.requests.findLastIndex(({ method }) => method === 'GET');
    return STEPS[sinceGet] === step;
  };
}

const STALLS: readonly (readonly [string, Fault, Step])[] = [
  ['before it answers', { kind: 'stall-in-headers', afterBytes: 0 }, 'advertisement'],
  ['in the middle of the status line', { kind: 'stall-in-headers', afterBytes: 9 }, 'advertisement'],
  ['in the middle of the headers', { kind: 'stall-in-headers', afterBytes: 40 }, 'advertisement'],
  ['before the advertisement', { kind: 'stall', afterBytes: 0 }, 'advertisement'],
  ['in the first length', { kind: 'stall', afterBytes: 3 }, 'advertisement'],
  ['in the middle of the advertisement', { kind: 'stall', afterBytes: 50 }, 'advertisement'],
  ['before the list of refs', { kind: 'stall-in-headers', afterBytes: 0 }, 'list of refs'],
  ['in the list of refs', { kind: 'stall', afterBytes: 20 }, 'list of refs'],
  ['before the pack', { kind: 'stall-in-headers', afterBytes: 0 }, 'pack'],
  ['at the start of the pack', { kind: 'stall', afterBytes: 1 }, 'pack'],
  ['in the acknowledgements', { kind: 'stall', afterBytes: 30 }, 'pack'],
  ['in the middle of the pack', { kind: 'stall', afterBytes: 600 }, 'pack'],
];

describe('a server that stalls', () => {
  it.each(STALLS)(
    '%s costs no more than the timeout, and nothing that is published',
    async (_, fault, step) => {
      const { repository, server, repo } = await serveVersions();
      const options = { repo, root: temp.join('root') };
      await mustSync(options);
      const hash = await repository.hash();
      await commitVersion(repository, 2);
      server.fail(fault, { when: isAt(server, step) });
      await mustTimeOut(options);
      await expectPublished(temp.join('root', 'link'), hash, 1);
      server.heal();
      await mustSync(options);
      await expectPublished(temp.join('root', 'link'), await repository.hash(), 2);
      expect(await leftoversIn(temp.join('root'))).toEqual([]);
    },
  );

  it('is told apart from a repository that is broken: nothing is rebuilt', async () => {
    const { repository, server, repo } = await serveVersions();
    const options = { repo, root: temp.join('root') };
    await mustSync(options);
    await commitVersion(repository, 2);
    server.fail({ kind: 'slow', bytesPerSecond: 100 });
    const log = await mustTimeOut(options);
    expect(log).toContain('"code":"sync_timeout"');
    expect(log).not.toContain('rebuilding');
  });

  it('over ssh costs no more than the timeout', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const ssh = await startSshServer(temp.join('ssh'));
    onTestFinished(async () => ssh.stop());
    ssh.setSilent(true);
    await mustTimeOut({
      repo: ssh.repositoryUrl(repository.path),
      root: temp.join('root'),
      flags: [`--ssh-key-file=${ssh.keyPath}`, `--ssh-known-hosts-file=${ssh.knownHostsPath}`],
    });
  });
});

/** Every process that wrote its id there has ended. */
async function expectDead(pidFile: string): Promise<void> {
  const pids = (await readFile(pidFile, 'utf8')).trim().split('\n').map(Number);
  expect(pids.filter(isAlive)).toEqual([]);
}

describe('a program that hangs', () => {
  it('as ssh, ignoring TERM, is ended with the timeout', async () => {
    const ssh = await installFake(temp.join('bin'), 'ssh-ignore-term', { PIDS: temp.join('pids') }, 'ssh');
    const result = await syncOnce(
      {
        repo: 'ssh://git@host.invalid/repo.git',
        root: temp.join('root'),
        flags: ['--sync-timeout=1s', '--ssh-known-hosts=false'],
      },
      { env: { GIT_SSH_COMMAND: ssh.path } },
    );
    expect(result.code).toBe(1);
    expectInTime(result, 1000);
    await expectDead(temp.join('pids'));
    await expectNoProcess(temp.path);
  });

  it.each(['fetch', 'read-tree', 'update-index'])(
    'as git %s, ignoring TERM, with a grandchild at its pipes, is ended with the timeout',
    async (only) => {
      const repository = await makeVersions(temp.join('repo.git'));
      const options = { repo: repository.url, root: temp.join('root') };
      await mustSync(options);
      const hash = await repository.hash();
      if (only !== 'update-index') {
        await commitVersion(repository, 2);
      }
      const fake = await installFake(temp.join('bin'), 'git-hang', { ONLY: only, PIDS: temp.join('pids') });
      // So much that a busy machine comes as far as what hangs.
      await mustTimeOut({ ...options, flags: [`--git=${fake.path}`] }, 4 * TIMEOUT_MS);
      await expectDead(temp.join('pids'));
      await expectNoProcess(temp.path);
      expect(path.basename(await readlink(temp.join('root', 'link')))).toBe(hash);
      await mustSync(options);
      expect(path.basename(await readlink(temp.join('root', 'link')))).toBe(await repository.hash());
    },
  );

  it('as git version is ended with the sync', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const fake = await installFake(temp.join('bin'), 'git-hang', {
      ONLY: 'version',
      PIDS: temp.join('pids'),
    });
    const result = await syncOnce({
      repo: repository.url,
      root: temp.join('root'),
      flags: [`--git=${fake.path}`],
    });
    expect(result.code).toBe(0);
    expect(result.durationMs).toBeLessThan(HANGS_MS);
    await expectNoProcess(temp.path);
  });

  it('as a hook, ignoring TERM, with a sleeping grandchild, is ended with its own timeout', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const hook = await installFake(temp.join('bin'), 'hook-hang', { PIDS: temp.join('pids') });
    const flags = [`--exechook-command=${hook.path}`, '--exechook-timeout=1s'];
    const result = await syncOnce({ repo: repository.url, root: temp.join('root'), flags });
    expect(result.code).toBe(1);
    expectInTime(result, 1000, 'running exechook');
    await expectDead(temp.join('pids'));
    await expectNoProcess(temp.path);
    await expectPublished(temp.join('root', 'link'), await repository.hash(), 1);
  });

  it.each(['never', 'after-headers'] as const)(
    'as a webhook that answers %s is left after its timeout',
    async (hang) => {
      const repository = await makeVersions(temp.join('repo.git'));
      const hooks = await startHookServer({ hang });
      onTestFinished(async () => hooks.stop());
      const flags = [`--webhook-url=${hooks.url}`, '--webhook-timeout=1s'];
      const result = await syncOnce({ repo: repository.url, root: temp.join('root'), flags });
      expect(result.code).toBe(1);
      expectInTime(result, 1000, 'sending webhook');
      expect(hooks.requests).toHaveLength(1);
    },
  );

  it('as an askpass source is left after a second', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const askpass = await startHookServer({ hang: 'never' });
    onTestFinished(async () => askpass.stop());
    const flags = [`--askpass-url=${askpass.url}`];
    const result = await syncOnce({ repo: repository.url, root: temp.join('root'), flags });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('askpass_failed');
    expectInTime(result, 1000);
  });
});
