/**
 * `npx node test/soak/flaky-server.ts [--minutes 30] [--seed 1]`: git-sync follows a repository into which commits arrive
 * all the time, from a server that fails in every way there is. In the first two thirds it is killed again and again and
 * started again on the same root; in the last it lives, and is measured. Ends with 1 when the last commit is not published in
 * the end, a reader saw a mixture or nothing, or memory, descriptors, threads or the disk grew.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitVersion } from '../integration/git-sync/safety/tree.ts';
import { createRepository } from '../support/git-repository.ts';
import { type Fault, LIES } from '../support/http-faults.ts';
import { startHttpGitServer } from '../support/http-git-server.ts';
import { type RunningPillion, startPillion } from '../support/pillion.ts';
import { makeTempDir, removeTempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait-for.ts';
import { excess, type Figures, figuresOf, growthOf, processIsThere } from './figures.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? '30');
let state = Number(values.seed ?? '1');
/** Numerical Recipes' generator: a run can be repeated by its seed. */
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

const FAULTS: readonly Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 403 },
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'cut', afterBytes: 0 },
  { kind: 'cut', afterBytes: 500 },
  { kind: 'stall', afterBytes: 100 },
  { kind: 'stall-in-headers', afterBytes: 0 },
  { kind: 'delay', ms: 1500 },
  { kind: 'slow', bytesPerSecond: 2000 },
  ...Object.values(LIES),
];

async function bytesBelow(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  const sizes = names.map(
    async (name) => (await stat(path.join(directory, name)).catch(() => undefined))?.size ?? 0,
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function main(): Promise<string[]> {
  const temp = await makeTempDir('pillion-soak-');
  const [served, root, link] = ['served', 'root', 'root/link'].map((name) => path.join(temp, name)) as [
    string,
    string,
    string,
  ];
  const repository = await createRepository(path.join(served, 'repo.git'));
  let hash = await commitVersion(repository, 1);
  const server = await startHttpGitServer({ root: served });
  const start = (): Promise<RunningPillion> =>
    startPillion([
      'git-sync',
      `--repo=${server.repositoryUrl('repo.git')}`,
      `--root=${root}`,
      '--link=link',
      '--period=200ms',
      '--sync-timeout=5s',
      '--max-backoff=1s',
      '--max-failures=-1',
      '--http-bind=127.0.0.1:0',
      '--http-metrics',
    ]);
  const published = async () => path.basename(await readlink(link).catch(() => ''));
  let running = await start();
  await running.waitForLog('updated successfully');
  const program = fileURLToPath(
    new URL('../integration/git-sync/safety/programs/reader.ts', import.meta.url),
  );
  const reader = spawn(process.execPath, [program, link], { stdio: ['pipe', 'pipe', 'inherit'] });
  let readerSaid = '';
  reader.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    readerSaid += chunk;
  });

  const violations: string[] = [];
  const figures: Figures[] = [];
  const disk: number[] = [];
  const counts = { commits: 1, faults: 0, kills: 0, outages: 0, published: 0 };
  const began = Date.now();
  const end = began + minutes * 60_000;
  const lastThird = began + minutes * 40_000;
  let nextFigures = began;
  const note = (text: string) => {
    violations.push(text);
    console.log(`VIOLATION ${text}`);
  };

  while (Date.now() < end) {
    counts.commits += 1;
    hash = await commitVersion(repository, counts.commits);
    const what = random(10);
    if (what < 5) {
      counts.faults += 1;
      const fault = FAULTS[random(FAULTS.length)];
      if (fault !== undefined) {
        server.fail(fault, { times: 1 + random(4) });
      }
    } else if (what === 5) {
      counts.outages += 1;
      await server.down();
      await delay(random(1500));
      await server.up();
    } else if (what < 8 && Date.now() < lastThird) {
      counts.kills += 1;
      await delay(random(400));
      running.signal('SIGKILL');
      await running.exit;
      running = await start();
    }
    await delay(random(1200));
    if (counts.commits % 5 === 0) {
      server.heal();
      await waitFor(async () => (await published()) === hash, {
        what: `version ${counts.commits} to be published`,
        timeoutMs: 60_000,
      }).then(
        () => {
          counts.published += 1;
        },
        (error: unknown) => note(String(error)),
      );
    }
    if (!processIsThere(running.pid)) {
      note(`git-sync ended: ${running.lines().slice(-3).join('\n')}`);
      break;
    }
    if (Date.now() > nextFigures) {
      nextFigures = Date.now() + 30_000;
      disk.push(await bytesBelow(root));
      const now = await figuresOf(running.pid);
      if (Date.now() > lastThird) {
        figures.push(now);
      }
      console.log(`${new Date().toISOString()} ${JSON.stringify({ ...counts, ...now, disk: disk.at(-1) })}`);
    }
  }

  server.heal();
  await waitFor(async () => (await published()) === hash, {
    what: 'the last commit',
    timeoutMs: 60_000,
  }).catch((error: unknown) => note(String(error)));
  reader.stdin.end();
  await once(reader, 'exit');
  const report = JSON.parse(readerSaid) as { rounds: number; versions: string[]; violations: string[] };
  report.violations.slice(0, 5).forEach((text) => note(`torn read: ${text}`));
  const grownDisk = growthOf(disk, (bytes) => bytes);
  console.log(
    JSON.stringify({
      minutes,
      ...counts,
      rounds: report.rounds,
      versions: report.versions.length,
      grownDisk,
    }),
  );
  const tooMuch = excess(figures);
  if (tooMuch !== undefined) {
    note(tooMuch);
  }
  if (grownDisk > 4 * 1024 * 1024) {
    note(`the disk grows by ${grownDisk} bytes`);
  }
  if (running.stderr().includes('internal_error')) {
    note(`an internal error: ${running.lines().find((text) => text.includes('internal_error'))}`);
  }
  await running.stop();
  await server.stop();
  await removeTempDir(temp);
  return violations;
}

const violations = await main();
console.log(violations.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
// What was killed may have left something that holds a pipe.
process.exit(violations.length === 0 ? 0 : 1);
