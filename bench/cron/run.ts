/**
 * Measures the scheduler: 1,000 jobs a minute, an idle minute, and schedules that make others flood their logs.
 * `npm run bench -- cron [load|idle|never|night ...]`
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type Contender, contenders } from './contenders.ts';
import { limits } from './limits.ts';
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

/** Each job prints when its shell began; its line number gives the second it was due. */
async function load(contender: Contender): Promise<void> {
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
  console.log(
    `load   ${contender.name.padEnd(18)} ${lateness.length} starts, lateness p50 ${p50} ms p99 ${p99} ms max ${max} ms, ` +
      `RSS ${rss.toFixed(0)} MiB, CPU ${cpu.toFixed(1)} s`,
  );
}

async function idle(contender: Contender): Promise<void> {
  const run = start(contender, '0 3 * * * true\n30 4 * * 0 true\n');
  await delay(START_SECONDS * 1000);
  const before = cpuNanoseconds(run.pid);
  await delay(IDLE_SECONDS * 1000);
  const msPerSecond = (cpuNanoseconds(run.pid) - before) / 1e6 / IDLE_SECONDS;
  const rss = rssMiB(run.pid);
  await stop(run);
  console.log(
    `idle   ${contender.name.padEnd(18)} ${msPerSecond.toFixed(3)} ms CPU per second, RSS ${rss.toFixed(0)} MiB`,
  );
}

/** 31 February: never due. Log and CPU of the time after the start. */
async function never(contender: Contender): Promise<void> {
  const run = start(contender, '0 0 31 2 * true\n');
  await delay(START_SECONDS * 1000);
  const { exitCode } = run.child;
  if (exitCode !== null) {
    console.log(
      `never  ${contender.name.padEnd(18)} refused with exit code ${exitCode}, ${run.bytes()} bytes of log`,
    );
    return;
  }
  const before = { cpu: cpuNanoseconds(run.pid), bytes: run.bytes() };
  await delay(FLOOD_SECONDS * 1000);
  const share = ((cpuNanoseconds(run.pid) - before.cpu) / 1e9 / FLOOD_SECONDS) * 100;
  const bytes = run.bytes() - before.bytes;
  await stop(run);
  console.log(
    `never  ${contender.name.padEnd(18)} ${share.toFixed(3)} % CPU, ${bytes} bytes of log in ${FLOOD_SECONDS} s ${limits(share, bytes)}`,
  );
}

const all = contenders();
const [own = all[0]] = all;
const peers = all.filter(({ name }) => name !== 'pillion --lenient');
const wanted = process.argv.slice(2);
const asked = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
try {
  if (own === undefined) {
    throw new Error('there is nothing to measure');
  }
  for (const contender of asked('load') ? peers : []) {
    await load(contender);
  }
  for (const contender of asked('idle') ? peers : []) {
    await idle(contender);
  }
  for (const contender of asked('never') ? all : []) {
    await never(contender);
  }
  if (asked('night')) {
    console.log(await replayNight());
  }
} finally {
  rmSync(directory, { recursive: true });
}
