import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { errorMessage, systemErrorCode } from '../errors.ts';
import { monotonicMs } from '../monotonic.ts';
import { type ChildIo, openChildIo, openChildIoNow } from './child-io.ts';
import { ExecError } from './exec-error.ts';
import type { RunOptions, RunOutcome, RunResult, StartFailure } from './outcome.ts';
import { explainStartFailure } from './start-failure.ts';
import { type Ending, supervise } from './supervise.ts';
import { type TailBuffer, tailBuffer } from './tail-buffer.ts';

export type { RunOptions, RunOutcome, RunResult } from './outcome.ts';

const DEFAULT_MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Runs a program to its end in a process group of its own; the only way this project starts one.
 *
 * Arguments go to the program as they are: there is no shell, and callers put no secrets into them.
 * @throws ExecError unless the program ends by itself with exit code 0 within its limits.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const outcome = await tryRun(command, args, options);
  if (outcome.exitCode === 0 && !outcome.timedOut && !outcome.aborted) {
    const { stdout, stderr, stdoutTruncated, stderrTruncated, durationMs } = outcome;
    return { exitCode: 0, stdout, stderr, stdoutTruncated, stderrTruncated, durationMs };
  }
  throw new ExecError(command, args, outcome, options.cwd);
}

/**
 * Like `run`, but says how the run ended instead of throwing: exit code, signal, limit, abort, failed start.
 * Settles at the latest 100 ms after SIGKILL (abort and limits), or 500 ms after the program ended by itself, even if
 * a process that left the group still holds the pipes. What was read then and `onOutput` has not finished with is
 * waited for, some seconds.
 */
export async function tryRun(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunOutcome> {
  const started = monotonicMs();
  const maxBytes = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  const output = { stdout: tailBuffer(maxBytes), stderr: tailBuffer(maxBytes) };
  const ending = options.signal?.aborted
    ? { ...NOT_STARTED, aborted: true }
    : await start(command, args, options, output);
  return {
    ...ending,
    startFailure: await startFailureOf(command, ending, options),
    stdout: output.stdout.text(),
    stderr: output.stderr.text(),
    stdoutTruncated: output.stdout.truncated,
    stderrTruncated: output.stderr.truncated,
    durationMs: monotonicMs() - started,
  };
}

const NOT_STARTED: Ending = { exitCode: undefined, signal: undefined, timedOut: false, aborted: false };

async function start(
  command: string,
  args: readonly string[],
  options: RunOptions,
  output: { stdout: TailBuffer; stderr: TailBuffer },
): Promise<Ending> {
  const withInput = options.stdin !== undefined;
  const io = openChildIoNow(withInput) ?? (await openChildIo(withInput));
  try {
    if (options.signal?.aborted) {
      return { ...NOT_STARTED, aborted: true };
    }
    let child: ChildProcess;
    try {
      child = spawn(command, args, spawnOptions(options, io));
    } catch (error) {
      // Node throws some failures (argument list too long, a NUL byte in an argument) instead of reporting them.
      return { ...NOT_STARTED, spawnError: systemErrorCode(error) ?? errorMessage(error) };
    }
    return await supervise(child, io.connect(child), {
      ...options,
      onOutput(stream, chunk) {
        output[stream].push(chunk);
        return options.onOutput?.(stream, chunk);
      },
    });
  } finally {
    io.release();
  }
}

function spawnOptions(options: RunOptions, io: ChildIo): SpawnOptions {
  return {
    env: options.env,
    detached: true, // setsid: a group of its own, and no terminal to prompt on
    stdio: [...io.stdio, ...(options.onChannel === undefined ? [] : ['pipe' as const])],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
}

async function startFailureOf(
  command: string,
  { spawnError }: Ending,
  { cwd, env }: RunOptions,
): Promise<StartFailure | undefined> {
  return spawnError === undefined
    ? undefined
    : await explainStartFailure({ command, cwd, path: env['PATH'], spawnError });
}
