import { lutimes, readdir, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { GitRepository } from '../../../support/git-repository.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { type RunningPillion, startPillion } from '../../../support/pillion.ts';
import { expectNoProcess, treeOf } from '../../../support/processes.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import {
  expectPublished,
  leftoversIn,
  makeVersions,
  mustSync,
  pseudoRandom,
  startReader,
  syncArguments,
} from './support.ts';
import { commitVersion } from './tree.ts';

// Many processes one after another: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 400_000 });
const temp = useTempDir();
/** Those at each step are killed systematically elsewhere; the soak kills for as long as one likes. */
const KILLS_EACH = 16;
/** Each life gets to one of these, on a busy machine as well, and is killed some random milliseconds later. */
const STAGES = [
  'starting up',
  'syncing',
  'fetching',
  'running command',
  'update required',
  'adding worktree',
  'reset worktree to hash',
  'creating and renaming symlink',
  'updated successfully',
  'removing worktree',
  'next sync',
];

type Kill = (running: RunningPillion) => void;

const killAlone: Kill = (running) => running.signal('SIGKILL');

/** As when a container ends: everything at once. */
const killAll: Kill = (running) => {
  const tree = treeOf(running.pid);
  running.signal('SIGKILL');
  for (const { pid } of tree) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
};

interface Plan {
  readonly seed: number;
  readonly repo: string;
  readonly kill: Kill;
  /** What happens to the root between two lives. */
  readonly between?: (round: number) => Promise<void>;
}

/** A young socket that nobody listens on may be in the making; the last sync shall find those of killed owners old. */
async function ageNascentSockets(root: string): Promise<void> {
  const anHourAgo = new Date(Date.now() - 3_600_000);
  for (const name of await readdir(root)) {
    if (name.startsWith('.pillion-lock-new-')) {
      await lutimes(`${root}/${name}`, anHourAgo, anHourAgo);
    }
  }
}

/** Starts syncs one after another while the repository moves, and kills each in the middle of whatever it does. */
async function killManyTimes(repository: GitRepository, plan: Plan): Promise<void> {
  const root = temp.join('root');
  const link = temp.join('root', 'link');
  const options = { repo: plan.repo, root, flags: ['--period=10ms', '-v=5'] };
  await mustSync({ repo: plan.repo, root });
  const reader = await startReader(link);
  const random = pseudoRandom(plan.seed);
  let version = 1;
  for (let round = 0; round < KILLS_EACH; round += 1) {
    version += 1;
    await commitVersion(repository, version);
    await plan.between?.(round);
    const running = await startPillion(syncArguments(options));
    await running.waitForLog(STAGES[Math.floor(random() * STAGES.length)] ?? '');
    if (round % 3 === 0) {
      // Some are in a later pass by then.
      version += 1;
      await commitVersion(repository, version);
      await delay(random() * 80);
    }
    await delay(random() * 40);
    plan.kill(running);
    await running.exit;
    await running.stop(0);
  }
  await ageNascentSockets(root);
  await mustSync({ repo: plan.repo, root });
  await expectPublished(link, await repository.hash(), version);
  const seen = await reader.finish();
  expect(seen.rounds).toBeGreaterThan(KILLS_EACH);
  expect(seen.versions.length).toBeGreaterThan(3);
  expect(await leftoversIn(root)).toEqual([]);
  await expectNoProcess(root);
}

describe('killed at random moments', () => {
  it('never shows a missing or torn tree when only its own process is killed', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await killManyTimes(repository, { seed: 1, repo: repository.url, kill: killAlone });
  });

  it('never shows a missing or torn tree when everything of it is killed at once', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await killManyTimes(repository, { seed: 2, repo: repository.url, kill: killAll });
  });

  it('never shows a missing or torn tree when it is killed while it syncs over HTTP', async () => {
    const repository = await makeVersions(temp.join('served', 'repo.git'));
    const server = await startHttpGitServer({ root: temp.join('served') });
    await killManyTimes(repository, { seed: 3, repo: server.repositoryUrl('repo.git'), kill: killAll });
    await server.stop();
  });

  it('never shows a missing or torn tree when its repository is damaged before each life', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const gitDir = temp.join('root', '.git');
    const damage = [
      async () => truncate(path.join(gitDir, 'HEAD'), 0),
      async () =>
        writeFile(path.join(gitDir, 'worktrees', path.basename(await published()), 'HEAD'), 'zzz\n'),
      async () => writeFile(path.join(gitDir, 'config'), '[core\n'),
      async () => rm(path.join(gitDir, 'objects'), { recursive: true, force: true }),
      async () =>
        writeFile(path.join(gitDir, 'worktrees', path.basename(await published()), 'index'), 'DIRC'),
    ];
    const published = async () => readlink(temp.join('root', 'link'));
    await killManyTimes(repository, {
      seed: 4,
      repo: repository.url,
      kill: killAlone,
      async between(round) {
        // What a kill has just taken away cannot be damaged.
        await damage[round % damage.length]?.().catch(() => {});
      },
    });
  });
});
