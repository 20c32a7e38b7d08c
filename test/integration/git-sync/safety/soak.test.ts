import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { treeOf } from '../../../support/processes.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { makeVersions, startSync } from './support.ts';

const temp = useTempDir();
const ROUND_MS = 1500;

interface Figures {
  readonly descriptors: number;
  readonly residentKib: number;
}

async function figuresOf(pid: number): Promise<Figures> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kinds = await readdir(`/proc/${pid}/fd`);
  return { descriptors: kinds.length, residentKib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) };
}

/** The least of several samples: a poll that runs at the moment has some descriptors open. */
async function atRest(pid: number): Promise<Figures> {
  const samples: Figures[] = [];
  for (let sample = 0; sample < 20; sample += 1) {
    samples.push(await figuresOf(pid));
    await delay(7);
  }
  return {
    descriptors: Math.min(...samples.map(({ descriptors }) => descriptors)),
    residentKib: Math.min(...samples.map(({ residentKib }) => residentKib)),
  };
}

/** On a busy machine every reading may fall into a poll; what leaks never comes back. */
async function comesBackTo(descriptors: number, pid: number): Promise<Figures> {
  let figures = await atRest(pid);
  await waitFor(
    async () => {
      figures = await atRest(pid);
      return figures.descriptors <= descriptors;
    },
    { what: `the descriptors to be ${descriptors} again` },
  );
  return figures;
}

/** Lets it poll for some seconds: nothing may grow, and nothing may be said. */
async function soak(repo: string): Promise<void> {
  const running = await startSync({
    repo,
    root: temp.join('root'),
    flags: ['--period=10ms', '--max-failures=0'],
  });
  await running.waitForLog('updated successfully');
  await delay(ROUND_MS);
  const before = await atRest(running.pid);
  const said = running.lines().length;
  await delay(2 * ROUND_MS);
  const after = await comesBackTo(before.descriptors, running.pid);
  expect(after.residentKib - before.residentKib).toBeLessThan(16 * 1024);
  expect(running.lines().slice(said)).toEqual([]);
  expect(running.stderr()).not.toMatch(/MaxListenersExceeded|Warning/);
  // The git of the present poll may just have ended: what stays is what counts.
  await waitFor(() => treeOf(running.pid).every(({ state }) => state !== 'Z'), {
    what: 'a moment without a zombie',
    intervalMs: 7,
  });
  expect((await readdir(temp.join('root'))).filter((name) => name.startsWith('.pillion'))).toEqual([]);
}

describe('hundreds of polls without a change', () => {
  it('over file:// leave no descriptor, listener, child or memory behind', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await soak(repository.url);
  });

  it('over HTTP neither, on one connection and without a child', async () => {
    await makeVersions(temp.join('served', 'repo.git'));
    const server = await startHttpGitServer({ root: temp.join('served') });
    onTestFinished(async () => server.stop());
    await soak(server.repositoryUrl('repo.git'));
    await waitFor(() => server.requests.length > 50, { what: 'more than fifty polls' });
  });

  it('that all fail leave nothing behind either', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const flags = ['--period=10ms', '--max-failures=-1', '--ref=missing'];
    const running = await startSync({ repo: repository.url, root: temp.join('root'), flags });
    await running.waitForLog(/"failCount":10\b/);
    const before = await atRest(running.pid);
    await running.waitForLog(/"failCount":60\b/);
    const after = await comesBackTo(before.descriptors, running.pid);
    expect(after.residentKib - before.residentKib).toBeLessThan(24 * 1024);
    expect(running.stderr()).not.toMatch(/MaxListenersExceeded|Warning/);
    expect((await readdir(temp.join('root'))).filter((name) => /new-|broken-/.test(name))).toEqual([]);
  });
});
