/** One measurement each: first sync, change to published, and the CPU of a poll; the whole process tree counts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Contender, Task } from './contenders.ts';

const TICKS_PER_SECOND = 100;
const POLL_PERIOD_MS = 200;
/** Short, so that the work counts and not the wait for the next poll. */
const CHANGE_PERIOD_MS = 50;

const environment = () => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '/tmp',
  TMPDIR: process.env.TMPDIR ?? '/tmp',
  GIT_CONFIG_NOSYSTEM: '1',
  // The shell loop reads it; git-sync and its like bring their own.
  GIT_CONFIG_GLOBAL: '/dev/null',
});

function start({ env }: Contender, command: readonly string[]): ChildProcess {
  const [program = '', ...args] = command;
  return spawn(program, args, {
    env: { ...environment(), ...env },
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
  });
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve(child.exitCode);
    } else {
      child.once('exit', resolve);
    }
  });
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await Promise.race([ended(child), delay(10_000)]);
  await kill(child);
}

/** With all its children, at once. */
async function kill(child: ChildProcess): Promise<void> {
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch {
    // The group is gone.
  }
  await ended(child);
}

/** The hash that is published, by the name of the tree. */
function published(task: Task): string | undefined {
  try {
    return readlinkSync(join(task.root, 'link')).split('/').at(-1);
  } catch {
    return undefined;
  }
}

async function untilPublished(task: Task, hash: string): Promise<void> {
  const limit = performance.now() + 300_000;
  while (published(task) !== hash) {
    if (performance.now() > limit) {
      throw new Error(`${hash} was not published in 5 minutes`);
    }
    await delay(2);
  }
}

/** Milliseconds from start to exit on a root that is not there yet. */
export async function firstSync(contender: Contender, task: Task): Promise<number> {
  const started = performance.now();
  const code = await ended(start(contender, contender.once(task)));
  const elapsed = performance.now() - started;
  if (code !== 0) {
    throw new Error(`${contender.name} ended with ${code}`);
  }
  return elapsed;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** CPU milliseconds of a process and all descendants it has waited for. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
  return (ticks * 1000) / TICKS_PER_SECOND;
}

/** A tree that was replaced is left alone by everybody for less. */
const SETTLED_MS = 65_000;

/**
 * Milliseconds from the moment a commit is in the repository until the link leads to it: for the first change, or for the
 * third. What was replaced by the first change is a minute old by the third, and what was replaced by the second has been
 * cleaned up, if the contender does that. Ends the contender at that moment, before it has removed the old tree: see run.ts
 * for why.
 */
export async function changeToPublished(
  contender: Contender,
  task: Task,
  current: string,
  change: () => Promise<string>,
  which: 'first' | 'third' = 'first',
): Promise<number> {
  const child = start(contender, contender.forever(task, CHANGE_PERIOD_MS, await freePort()));
  try {
    await untilPublished(task, current);
    if (which === 'third') {
      await untilPublished(task, await change());
      await untilPublished(task, await change());
    }
    // At a random moment of the poll's period: a fixed one would always meet the same part of it.
    await delay((which === 'third' ? SETTLED_MS : 500) + Math.random() * 10 * CHANGE_PERIOD_MS);
    const hash = await change();
    const started = performance.now();
    await untilPublished(task, hash);
    return performance.now() - started;
  } finally {
    await kill(child);
  }
}

/** Between two changes, so that the pass before has cleaned up. */
const REST_MS = 300;

/**
 * Milliseconds from a signal that asks for a sync until the link leads to the new commit, for each of `times` changes to one
 * process. No period and no start of a process is part of it, so that a difference of a few percent shows in minutes.
 */
export async function changesBySignal(
  contender: Contender,
  task: Task,
  current: string,
  change: () => Promise<string>,
  times: number,
): Promise<number[]> {
  const command = contender.forever(task, 3_600_000, await freePort());
  const child = start(contender, [...command, '--sync-on-signal=SIGHUP']);
  const elapsed: number[] = [];
  try {
    await untilPublished(task, current);
    while (elapsed.length < times) {
      await delay(REST_MS);
      const hash = await change();
      const started = performance.now();
      child.kill('SIGHUP');
      await untilPublished(task, hash);
      elapsed.push(performance.now() - started);
    }
    return elapsed;
  } finally {
    await kill(child);
  }
}

/** CPU milliseconds per poll without change, over `seconds` of polling. */
export async function pollCpu(
  contender: Contender,
  task: Task,
  current: string,
  seconds: number,
): Promise<number> {
  const port = await freePort();
  const child = start(contender, contender.forever(task, POLL_PERIOD_MS, port));
  try {
    await untilPublished(task, current);
    await delay(1500);
    const before = { cpu: cpuOf(child.pid ?? 0), polls: (await contender.polls(task, port)) ?? 0 };
    await delay(seconds * 1000);
    const cpu = cpuOf(child.pid ?? 0) - before.cpu;
    let polls = await contender.polls(task, port);
    if (polls === undefined) {
      await end(child);
      // A loop that counts only at its end has counted from its start: the warm-up is a known share.
      polls = ((await contender.polls(task, port)) ?? 0) * (seconds / (seconds + 1.5));
    }
    return cpu / Math.max(1, polls - before.polls);
  } finally {
    await end(child);
  }
}
