import { spawn } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { systemErrorCode } from '../../src/core/errors.ts';

export interface ProgramResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string | undefined;
  /** The whole environment, not an addition. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Another user to run as, which takes root. */
  readonly uid?: number;
  readonly gid?: number;
  readonly input?: string | Uint8Array | AsyncIterable<string | Uint8Array> | undefined;
}

async function feed(stdin: Writable, input: ProgramOptions['input']): Promise<void> {
  const source = typeof input === 'object' && Symbol.asyncIterator in input ? input : [input ?? ''];
  try {
    await pipeline(Readable.from(source), stdin);
  } catch (error) {
    // A program that ends early closes its stdin: its exit code tells more than our EPIPE.
    if (systemErrorCode(error) !== 'EPIPE' && systemErrorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') {
      throw error;
    }
  }
}

/** Runs a program to its end, whatever its exit code; rejects only when it cannot be started. */
export async function tryProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { cwd, env, uid, gid } = options;
  const child = spawn(command, args, { cwd, env, uid, gid, stdio: 'pipe' });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const [outcome, stdout, stderr] = await Promise.all([
    ended,
    text(child.stdout),
    text(child.stderr),
    feed(child.stdin, options.input),
  ]);
  return { ...outcome, stdout, stderr };
}

/** Runs a program that must succeed and returns its stdout without the line end. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const result = await tryProgram(command, args, options);
  if (result.code !== 0) {
    const how = result.signal ?? `exit code ${result.code}`;
    throw new Error(`${command} ${args.join(' ')}: ${how}\n${result.stderr}${result.stdout}`);
  }
  return result.stdout.trimEnd();
}
