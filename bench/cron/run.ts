/**
 * Measures the scheduler: 1,000 jobs a minute, an idle minute, and schedules that make others flood their logs.
 * `npm run bench -- cron [load|idle|never|night ...] [--write]`
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { publish } from '../table.ts';
import { type Contender, contenders, LENIENT } from './contenders.ts';
import { replayNight } from './night.ts';
import { cpuNanoseconds, cpuSeconds, percentile, rssMiB } from './process-cost.ts';

const JOBS = 1000;
const LOAD_SECONDS = 60;
const IDLE_SECONDS = 60;
/** What starting costs is not what running costs. */
const START_SECONDS = 5;
const FLOOD_SECONDS = 20;
const directory = mkdtempSync(join(tmpdir(), 'pillion-bench-cron-'));

type Child = ChildProcessByStdio<null, Readable, Readable>;

interface Run {
  readonly child: Child;
  readonly pid: number;
  output(): string;
  bytes(): number;
}

function start(contender: Contender, crontab: string): Run {
  const file = join(directory, 'crontab');
  writeFileSync(file, crontab);
  const [command = '', ...args] = contender.command(file);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: string[] = [];
  let bytes = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      bytes += chunk.length;
      // A flood is counted, not kept.
      if (bytes < 64e6) {
        chunks.push(chunk);
      }
    });
  }
  return { child, pid: child.pid ?? 0, output: () => chunks.join(''), bytes: () => bytes };
}

async function stop({ child }: Run): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await Promise.race([once(child, 'exit'), delay(5000)]);
    child.kill('SIGKILL');
  }
}

/** Cells of one contender: the measure's name and goal, and what was found. */
type Cells = readonly (readonly [measure: string, goal: string, found: string])[];

/** Each job prints when its shell began; its line number gives the second it was due. */
async function load(contender: Contender): Promise<Cells> {
  const lines = Array.from({ length: JOBS }, (_, job) => `${job % 60} * * * * * * date +late:${job}:%s%3N`);
  const run = start(contender, `${lines.join('\n')}\n`);
  let rss = 0;
  const end = performance.now() + (LOAD_SECONDS + 3) * 1000;
  while (performance.now() < end) {
    await delay(500);
    rss = Math.max(rss, rssMiB(run.pid));
  }
  const cpu = cpuSeconds(run.pid);
  await stop(run);
  const lateness = [...run.output().matchAll(/late:(\d+):(\d+)/g)].map(([, job, at]) => {
    const late = (Number(at) - (Number(job) % 60) * 1000) % 60_000;
    return late > 50_000 ? late - 60_000 : late;
  });
  const [p50, p99, max] = [0.5, 0.99, 1].map((part) => percentile(lateness, part).toFixed(0));
  return [
    [
      `${JOBS} jobs a minute: starts in ${LOAD_SECONDS + 3} s, lateness p50, p99, max`,
      'p99 < 50 ms',
      `${lateness.length}; ${p50}, ${p99}, ${max} ms`,
    ],
    ['the same: resident memory, CPU', '< 80 MiB', `${rss.toFixed(0)} MiB, ${cpu.toFixed(1)} s`],
  ];
}

async function idle(contender: Contender): Promise<Cells> {
  const run = start(contender, '0 3 * * * true\n30 4 * * 0 true\n');
  await delay(START_SECONDS * 1000);
  const before = cpuNanoseconds(run.pid);
  await delay(IDLE_SECONDS * 1000);
  const msPerSecond = (cpuNanoseconds(run.pid) - before) / 1e6 / IDLE_SECONDS;
  const rss = rssMiB(run.pid);
  await stop(run);
  const found = `${msPerSecond.toFixed(3)} ms, ${rss.toFixed(0)} MiB`;
  return [['idle: CPU per second of all threads, resident memory', '< 1 ms', found]];
}

/** 31 February: never due. Log and CPU of the time after the start. */
async function never(contender: Contender): Promise<Cells> {
  const measure = `a schedule that never fires, ${FLOOD_SECONDS} s: CPU, log`;
  const goal = 'refused, or < 1 % and < 1 MB';
  const run = start(contender, '0 0 31 2 * true\n');
  await delay(START_SECONDS * 1000);
  const { exitCode } = run.child;
  if (exitCode !== null) {
    return [[measure, goal, `refused, exit code ${exitCode}`]];
  }
  const before = { cpu: cpuNanoseconds(run.pid), bytes: run.bytes() };
  await delay(FLOOD_SECONDS * 1000);
  const share = ((cpuNanoseconds(run.pid) - before.cpu) / 1e9 / FLOOD_SECONDS) * 100;
  const bytes = run.bytes() - before.bytes;
  await stop(run);
  return [[measure, goal, `${share.toFixed(3)} %, ${bytes} bytes`]];
}

async function night(): Promise<Cells> {
  const { starts, cpuMs, share, bytes } = await replayNight();
  const measure = `New York's spring night, ${starts} real runs in 24 virtual hours: CPU, log`;
  return [[measure, '< 1 %, < 1 MB', `${cpuMs.toFixed(0)} ms (${share.toFixed(4)} %), ${bytes} bytes`]];
}

const all = contenders();
const [own = all[0]] = all;
const peers = all.filter(({ name }) => name !== LENIENT);
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const asked = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
if (wanted.length > 0 && process.argv.includes('--write')) {
  throw new Error('--write is for a run of all measurements');
}
const rows = new Map<string, { goal: string; found: Map<string, string> }>();
const note = (contender: Contender, cells: Cells): void => {
  for (const [measure, goal, found] of cells) {
    const row = rows.get(measure) ?? { goal, found: new Map<string, string>() };
    rows.set(measure, row);
    row.found.set(contender.name, found);
    console.error(`${contender.name}: ${measure}: ${found}`);
  }
};
try {
  if (own === undefined) {
    throw new Error('there is nothing to measure');
  }
  for (const [name, measure, who] of [
    ['load', load, peers],
    ['idle', idle, peers],
    ['never', never, all],
  ] as const) {
    for (const contender of asked(name) ? who : []) {
      note(contender, await measure(contender));
    }
  }
  if (asked('night')) {
    note(own, await night());
  }
  const names = all.map(({ name }) => name);
  publish({
    name: 'cron',
    head: ['measure', ...names, 'goal'],
    rows: [...rows].map(([measure, { goal, found }]) => [
      measure,
      ...names.map((name) => found.get(name) ?? ''),
      goal,
    ]),
  });
} finally {
  rmSync(directory, { recursive: true });
}
