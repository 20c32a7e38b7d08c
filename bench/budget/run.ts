/**
 * What a lean command costs compared with a bare Node: start-up time of `pillion git-sync --version`, memory of an idle
 * sidecar. Prints ratios and differences; never fails, since a busy machine is no defect of the program.
 * --only=start or --only=memory measures one of them, and prints it without a table.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../src/core/testing/wait-for.ts';
import { publish } from '../table.ts';

const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length);
const RUNS = only === undefined ? 25 : 7;
/** V8 collects what the start has left some eight seconds after it; from then on a sidecar is what it stays. */
const SETTLE_MS = 15_000;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function time(args: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) {
    throw new Error(`${args.join(' ')} ended with ${status}`);
  }
  return performance.now() - started;
}

/** MiB of a process: resident, and the part that is its own (anonymous). */
function memory(pid: number): { rss: number; anonymous: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024;
  return { rss: of('Rss'), anonymous: of('Anonymous') };
}

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

async function bareMemory() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6); console.log(1)']);
  let ready = false;
  child.stdout.once('data', () => {
    ready = true;
  });
  await waitFor(() => ready);
  await delay(1000);
  const result = memory(child.pid ?? 0);
  await end(child);
  return result;
}

async function sidecarMemory() {
  const directory = mkdtempSync(join(tmpdir(), 'pillion-budget-'));
  const git = (...args: string[]) => {
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
    spawnSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@example.com', ...args], {
      cwd: directory,
      env,
    });
  };
  git('init', '-q', '-b', 'main', 'source');
  git('-C', 'source', 'commit', '-q', '--allow-empty', '-m', 'first');
  const flags = ['--repo', `file://${directory}/source`, '--root', join(directory, 'root'), '--link', 'link'];
  const idle = ['--period=1s', '--http-bind=127.0.0.1:0', '--http-metrics'];
  // By its first line, as the image does: it says how much memory the C library keeps.
  const child = spawn('bin/pillion', ['git-sync', ...flags, ...idle], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  await waitFor(() => log.includes('updated successfully') || child.exitCode !== null);
  await delay(SETTLE_MS);
  const result = memory(child.pid ?? 0);
  await end(child);
  rmSync(directory, { recursive: true, force: true });
  return result;
}

function memoryRow(kind: string, own: number, bareNode: number, goal: number): string[] {
  const comparison = `bare Node: ${bareNode.toFixed(1)} MiB, ${(own - bareNode).toFixed(1)} less`;
  return [`idle sidecar, ${kind} memory`, `${own.toFixed(1)} MiB`, comparison, `<= bare Node + ${goal} MiB`];
}

function startRow(): string[] {
  const starts = { bare: [] as number[], pillion: [] as number[] };
  for (let i = 0; i < RUNS; i += 1) {
    starts.bare.push(time(['-e', '0']));
    starts.pillion.push(time(['bin/pillion', 'git-sync', '--version']));
  }
  const bare = median(starts.bare);
  const pillion = median(starts.pillion);
  return [
    'start of `pillion git-sync --version`',
    `${pillion.toFixed(0)} ms`,
    `\`node -e 0\`: ${bare.toFixed(0)} ms, ${(pillion / bare).toFixed(2)}x`,
    '<= 2x',
  ];
}

async function memoryRows(): Promise<string[][]> {
  const none = await bareMemory();
  const sidecar = await sidecarMemory();
  return [
    memoryRow('anonymous', sidecar.anonymous, none.anonymous, 8),
    memoryRow('resident', sidecar.rss, none.rss, 12),
  ];
}

const rows = [...(only === 'memory' ? [] : [startRow()]), ...(only === 'start' ? [] : await memoryRows())];
if (only === undefined) {
  publish({ name: 'budget', head: ['measure', 'pillion', 'for comparison', 'goal'], rows });
} else {
  for (const [name = '', own = '', comparison = '', goal = ''] of rows) {
    console.log(`  ${name.padEnd(38)} ${own.padEnd(10)} ${comparison.padEnd(36)} goal ${goal}`);
  }
}
