import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processInfo, treeOf } from './processes.ts';
import { makeTempDir, removeTempDir } from './temp.ts';
import { waitFor } from './wait-for.ts';

/** The built program. */
export const PILLION = fileURLToPath(new URL('../../bin/pillion', import.meta.url));

export interface PillionOptions {
  /** Added to a small environment: PATH, and HOME and TMPDIR in directories of its own. undefined removes a name. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Name of a symlink it is started through, as in an image whose entry point is named `git-sync`. */
  readonly startedAs?: string;
  /** Written to stdin, which is then closed. Default: empty. */
  readonly input?: string;
  /** Its own process group, so that a terminal's signals can be imitated. Default false. */
  readonly detached?: boolean;
}

export interface PillionExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds from start to end. */
  readonly durationMs: number;
}

export interface LogOptions {
  /** Default 45,000. */
  readonly timeoutMs?: number;
  /** Lines before this one do not count, as in `from: running.lines().length`. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

export interface RunningPillion {
  readonly pid: number;
  /** HOME of the process. */
  readonly home: string;
  /** TMPDIR of the process: what it leaves there can be looked at until `stop`. */
  readonly tmpDir: string;
  readonly exit: Promise<PillionExit>;
  stdout(): string;
  stderr(): string;
  /** Complete lines of stdout and stderr in the order they came in. */
  lines(): readonly string[];
  /** The first line that matches, from line number `from` (default 0) on; fails as soon as the process has ended. */
  waitForLog(pattern: string | RegExp, options?: LogOptions): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, SIGKILL after `graceMs` (default 10,000), and to what is left of its tree; removes home and tmpDir. */
  stop(graceMs?: number): Promise<PillionExit>;
}

export interface PillionResult extends PillionExit {
  readonly stdout: string;
  readonly stderr: string;
  /** Names of what it left in its TMPDIR. */
  readonly leftInTmpDir: readonly string[];
}

const STOP_GRACE_MS = 10_000;

type Child = ChildProcessWithoutNullStreams;

function matches(line: string, pattern: string | RegExp): boolean {
  return typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line);
}

/**
 * The moment of the exit, even while a grandchild still holds the pipes; then a moment for the last output, with a check
 * of the pipes after it in case this process itself was held up.
 */
async function exitOf(child: Child): Promise<PillionExit> {
  const start = performance.now();
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exit = await new Promise<PillionExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal, durationMs: performance.now() - start }));
  });
  await Promise.race([closed, delay(500, undefined, { ref: false }).then(() => setImmediate())]);
  return exit;
}

function collect(child: Child): { out: () => string; err: () => string; lines: () => readonly string[] } {
  const texts = { stdout: '', stderr: '' };
  const lines: string[] = [];
  for (const name of ['stdout', 'stderr'] as const) {
    let rest = '';
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
  }
  return { out: () => texts.stdout, err: () => texts.stderr, lines: () => lines };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

async function spawnPillion(
  args: readonly string[],
  options: PillionOptions,
  scratch: string,
): Promise<Child> {
  const env = {
    PATH: process.env['PATH'],
    HOME: path.join(scratch, 'home'),
    TMPDIR: path.join(scratch, 'tmp'),
  };
  await mkdir(env.HOME);
  await mkdir(env.TMPDIR);
  let command = PILLION;
  if (options.startedAs !== undefined) {
    await mkdir(path.join(scratch, 'bin'));
    command = path.join(scratch, 'bin', options.startedAs);
    await symlink(PILLION, command);
  }
  const child = spawn(command, args, {
    env: { ...env, ...options.env },
    cwd: options.cwd ?? scratch,
    detached: options.detached ?? false,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return child;
}

/** Starts the built program. Whoever starts it stops it: `onTestFinished(async () => { await running.stop(); })`. */
export async function startPillion(
  args: readonly string[],
  options: PillionOptions = {},
): Promise<RunningPillion> {
  if (!existsSync(PILLION)) {
    throw new Error('bin/pillion is not there: run `make build` first');
  }
  const scratch = await makeTempDir('pillion-run-');
  const child = await spawnPillion(args, options, scratch);
  const exit = exitOf(child);
  exit.catch(() => {});
  const { pid } = child;
  if (pid === undefined) {
    await exit;
    throw new Error(`${PILLION} could not be started`);
  }
  const output = collect(child);
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const tmpDir = path.join(scratch, 'tmp');

  const waitForLog: RunningPillion['waitForLog'] = async (
    pattern,
    { timeoutMs = 45_000, from = 0, signal } = {},
  ) => {
    const find = () =>
      output
        .lines()
        .slice(from)
        .find((line) => matches(line, pattern));
    let late = false;
    const line = await waitFor(
      () => {
        const found = find();
        // One more reading after the end, when the last output has come in.
        const give = found ?? (late ? 'ended' : undefined);
        late = ended();
        return give;
      },
      { what: `${String(pattern)} in the log of pillion ${args.join(' ')}`, timeoutMs, signal },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; its output so far:\n${output.lines().join('\n')}`, { cause: error });
    });
    if (find() === undefined) {
      const how = child.signalCode ?? `exit code ${child.exitCode}`;
      throw new Error(`ended (${how}) without ${String(pattern)}; its output:\n${output.lines().join('\n')}`);
    }
    return line;
  };

  const stop = async (graceMs = STOP_GRACE_MS) => {
    // Of one that has ended nobody knows any more what it has started.
    const descendants = ended() ? [] : treeOf(pid);
    if (!ended()) {
      kill(pid, 'SIGTERM');
      await Promise.race([exit, delay(graceMs, undefined, { ref: false })]);
      if (!ended()) {
        kill(pid, 'SIGKILL');
      }
    }
    const result = await exit;
    // What a dying parent left behind is ended too, so that one failing test does not disturb the next.
    for (const info of descendants) {
      if (processInfo(info.pid)?.command === info.command) {
        kill(info.pid, 'SIGKILL');
      }
    }
    await removeTempDir(scratch);
    return result;
  };

  return {
    pid,
    home: path.join(scratch, 'home'),
    tmpDir,
    exit,
    stdout: output.out,
    stderr: output.err,
    lines: output.lines,
    waitForLog,
    signal: (name) => kill(pid, name),
    stop,
  };
}

/** Runs the built program to its end, at most `timeoutMs` (default 60,000): then it is killed and this fails. */
export async function runPillion(
  args: readonly string[],
  options: PillionOptions & { readonly timeoutMs?: number } = {},
): Promise<PillionResult> {
  const running = await startPillion(args, options);
  const timeoutMs = options.timeoutMs ?? 60_000;
  try {
    const exit = await Promise.race([running.exit, delay(timeoutMs, undefined, { ref: false })]);
    if (exit === undefined) {
      await running.stop(0);
      throw new Error(`pillion ${args.join(' ')} still ran after ${timeoutMs} ms:\n${running.stderr()}`);
    }
    const leftInTmpDir = await readdir(running.tmpDir);
    return { ...exit, stdout: running.stdout(), stderr: running.stderr(), leftInTmpDir };
  } finally {
    await running.stop();
  }
}
