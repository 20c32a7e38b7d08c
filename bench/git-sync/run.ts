/**
 * git-sync and its peers, all in one run: `npm run bench -- git-sync [--peer COMMAND]... [--quick] [--only small|wide|deep]
 * [--transport file|http|ssh] [--measure first|change|third-change|poll|signalled-change] [--runs N] [--peers-only]
 * [--write]`. `signalled-change` is measured only when it is asked for, with --peers-only: the loops know no signal.
 * A peer is any command that takes git-sync v4's flags. With them, unless --peers-only is given: a plain shell loop of
 * ls-remote, fetch and worktree add, and a shell loop that replays the very git commands that git-sync runs.
 *
 * Nothing is removed during a run, and each measurement has a root of its own, in another part of the disk: ext4 steps
 * over the inodes that were freed in the last minutes one by one (`recently_deleted` in its ialloc.c), so that whoever makes
 * 50,000 files after somebody has removed as many pays ten times as much.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRepository, type GitRepository } from '../../test/support/git-repository.ts';
import { type HttpGitServer, startHttpGitServer } from '../../test/support/http-git-server.ts';
import { createDeepRepository, createWideRepository } from '../../test/support/large-repository.ts';
import { type SshServer, startSshServer } from '../../test/support/ssh-server.ts';
import { makeTempDir, removeTempDir } from '../../test/support/temp.ts';
import { spreadDirectories } from '../disk.ts';
import { publish, type Table } from '../table.ts';
import { type Contender, contenders, type Task } from './contenders.ts';
import { changesBySignal, changeToPublished, firstSync, pollCpu } from './measure.ts';

const quick = process.argv.includes('--quick');
const valuesOf = (flag: string) =>
  process.argv.flatMap((word, index) => (process.argv[index - 1] === flag ? [word] : []));
const isWanted = (flag: string, name: string) => {
  const names = valuesOf(flag);
  return names.length === 0 || names.includes(name);
};
const peers = valuesOf('--peer');
const isPeersOnly = process.argv.includes('--peers-only');
/** A difference of a few percent shows only over many more runs than a table needs, and over longer polling. */
const askedRuns = valuesOf('--runs').map(Number).at(0);
const pollSeconds = askedRuns === undefined ? 12 : 30;

interface Scenario {
  readonly name: string;
  readonly depth: number;
  readonly runs: number;
  readonly make: (dir: string) => Promise<GitRepository>;
}

const scenarios: readonly Scenario[] = [
  {
    name: 'small',
    depth: 1,
    runs: quick ? 3 : 11,
    async make(dir) {
      const repository = await createRepository(dir, { branch: 'main' });
      await repository.commit({ 'index.html': 'one\n', 'docs/a.md': 'a\n' }, 'first');
      return repository;
    },
  },
  {
    name: 'wide',
    depth: 1,
    runs: quick ? 1 : 3,
    make: (dir) => createWideRepository(dir, { files: quick ? 5000 : 50_000 }),
  },
  {
    name: 'deep',
    depth: 0,
    runs: quick ? 1 : 3,
    make: (dir) => createDeepRepository(dir, { commits: quick ? 2000 : 20_000 }),
  },
];

interface Row {
  readonly measure: string;
  readonly values: readonly number[];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs take turns, so that a busy moment of the machine hits everybody; what one has written is on the disk by then. */
async function medians(
  all: readonly Contender[],
  runs: number,
  measure: (one: Contender) => Promise<number>,
): Promise<number[]> {
  const values = all.map((): number[] => []);
  for (let run = 0; run < runs; run += 1) {
    for (const [index, one] of all.entries()) {
      spawnSync('sync');
      values[index]?.push(await measure(one));
    }
  }
  return values.map(median);
}

const CONTROL_FILES = 2000;

/** Milliseconds for empty files: far more at one end of a run than at the other means that the disk was not the same. */
function controlMs(dir: string): number {
  mkdirSync(dir);
  const started = performance.now();
  for (let index = 0; index < CONTROL_FILES; index += 1) {
    writeFileSync(join(dir, String(index)), '');
  }
  return performance.now() - started;
}

/** Short, for sockets lie there: roots, repositories and what a contender keeps elsewhere, each in its own part of the disk. */
function makePlaces(dir: string): string {
  const places = join(dir, 'p');
  mkdirSync(places);
  spreadDirectories(places);
  process.env['TMPDIR'] = places;
  return places;
}

interface Servers {
  readonly http: HttpGitServer;
  readonly ssh: SshServer;
}

/** Over ssh only the small repository: what grows with a repository does not depend on the transport. */
function addresses(scenario: Scenario, path: string, servers: Servers): [string, string][] {
  const common: [string, string][] = [
    ['file', `file://${path}`],
    ['http', servers.http.repositoryUrl(`${scenario.name}.git`)],
  ];
  const all: [string, string][] =
    scenario.name === 'small' ? [...common, ['ssh', servers.ssh.repositoryUrl(path)]] : common;
  return all.filter(([transport]) => isWanted('--transport', transport));
}

async function measureScenario(scenario: Scenario, dir: string, servers: Servers): Promise<Row[]> {
  const all = contenders(peers, servers.ssh, !isPeersOnly);
  const repository = await scenario.make(join(dir, `${scenario.name}.git`));
  const rows: Row[] = [];
  let commits = 0;
  const commit = async () => {
    commits += 1;
    return repository.commit({ 'changed.txt': `${commits}\n` }, 'change');
  };
  let roots = 0;
  for (const [transport, repo] of addresses(scenario, repository.path, servers)) {
    const nextTask = (): Task => {
      roots += 1;
      return { repo, root: join(dir, `${scenario.name}-root-${roots}`), depth: scenario.depth };
    };
    const add = async (
      name: string,
      what: string,
      times: number,
      measure: (one: Contender) => Promise<number>,
    ) => {
      if (isWanted('--measure', name)) {
        const values = await medians(all, times, measure);
        rows.push({ measure: `${scenario.name}, ${transport}: ${what}`, values });
      }
    };
    const times = askedRuns ?? scenario.runs;
    await add('first', 'first sync, ms', times, (one) => firstSync(one, nextTask()));
    await add('change', 'change to published, ms', times, async (one) =>
      changeToPublished(one, nextTask(), await commit(), commit),
    );
    if (scenario.name === 'wide') {
      await add('third-change', 'third change to published, ms', times, async (one) =>
        changeToPublished(one, nextTask(), await commit(), commit, 'third'),
      );
    }
    if (isPeersOnly && valuesOf('--measure').includes('signalled-change')) {
      await add('signalled-change', 'signal to published, median of 10, ms', times, async (one) =>
        median(await changesBySignal(one, nextTask(), await commit(), commit, 10)),
      );
    }
    const current = await commit();
    await add('poll', 'CPU per poll without change, ms', askedRuns ?? 1, (one) =>
      pollCpu(one, nextTask(), current, quick ? 4 : pollSeconds),
    );
  }
  return rows;
}

function tableOf(name: string, names: readonly string[], rows: readonly Row[], note: string): Table {
  const [, ...others] = names;
  return {
    name: `git-sync ${name}`,
    head: ['measure', ...names, ...others.map((other) => `pillion : ${other}`)],
    rows: rows.map(({ measure, values }) => {
      const [own = Number.NaN, ...rest] = values;
      const ratios = rest.map((value) => `${(own / value).toFixed(2)}x`);
      return [measure, ...values.map((value) => value.toFixed(1)), ...ratios];
    }),
    note,
  };
}

const dir = await makeTempDir('b-');
const places = makePlaces(dir);
const servers: Servers = {
  http: await startHttpGitServer({ root: places }),
  ssh: await startSshServer(join(dir, 'ssh')),
};
try {
  const names = contenders(peers, servers.ssh, !isPeersOnly).map((one) => one.name);
  for (const scenario of scenarios.filter((one) => isWanted('--only', one.name))) {
    console.error(`measuring ${scenario.name} ...`);
    const before = controlMs(join(places, `${scenario.name}-control-before`));
    const rows = await measureScenario(scenario, places, servers);
    const after = controlMs(join(places, `${scenario.name}-control-after`));
    const control = `${CONTROL_FILES} empty files: ${before.toFixed(0)} ms before, ${after.toFixed(0)} ms after`;
    publish(tableOf(scenario.name, names, rows, control));
  }
} finally {
  await servers.http.stop();
  await servers.ssh.stop();
  await removeTempDir(dir);
}
