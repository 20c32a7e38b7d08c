import { errorMessage } from '../../core/errors.ts';
import { paced } from '../../core/exec/paced.ts';
import { signalGroup } from '../../core/exec/process-group.ts';
import { tryRun } from '../../core/exec/run.ts';
import type { JobBody, RunContext, RunEnd } from '../job-body.ts';
import type { Command } from './command.ts';
import { type ExitRule, judgeCommand } from './command-end.ts';
import { type CommandOutput, splitOutput } from './command-output.ts';

/** The output has been handed on line by line: nothing of it needs to be kept. */
const KEPT_OUTPUT_BYTES = 1024;

export type Environment = Readonly<Record<string, string>>;

export interface CommandOptions {
  readonly command: Command;
  /** undefined: the directory of this process, also where its path has been replaced or may not be read. */
  readonly cwd: string | undefined;
  /**
   * The environment of the child, asked for before each attempt; the names of job and run are added. What it throws is
   * how the attempt failed.
   */
  readonly readEnv: () => Environment | Promise<Environment>;
  readonly exitRules: readonly ExitRule[];
  /** Output beyond this is dropped; undefined is no limit. */
  readonly maxOutputBytes: number | undefined;
  /** What becomes of processes of the group that outlive the command's own. */
  readonly leftovers: 'kill' | 'keep';
  readonly output: CommandOutput;
}

/** A job that runs a command in a process group of its own: SIGTERM to the group at `signal`, SIGKILL at `deadline`. */
export function commandBody(options: CommandOptions): JobBody {
  return async (run) => {
    try {
      return await runCommand(options, await options.readEnv(), run);
    } catch (error) {
      return { result: 'failure', text: errorMessage(error) };
    }
  };
}

async function runCommand(options: CommandOptions, env: Environment, run: RunContext): Promise<RunEnd> {
  const output = splitOutput(options.output, run, options.maxOutputBytes);
  const { program, args, stdin } = programOf(options.command);
  let group: number | undefined;
  const kill = (): void => {
    if (group !== undefined) {
      signalGroup(group, 'SIGKILL');
    }
  };
  run.deadline.addEventListener('abort', kill, { once: true });
  const outcome = await tryRun(program, args, {
    cwd: options.cwd,
    env: { ...env, PILLION_JOB: run.job, PILLION_RUN: run.run },
    stdin,
    graceMs: run.killAfterMs,
    maxOutputBytes: KEPT_OUTPUT_BYTES,
    signal: run.signal,
    killGroupAfterExit: options.leftovers === 'kill',
    onOutput: (stream, chunk) => paced(chunk, (slice) => output.push(stream, slice)),
    onSpawn(pid) {
      group = pid;
    },
  });
  group = undefined;
  output.end();
  const { exitCode, signal } = outcome;
  const verdict = judgeCommand(outcome, options.command, options.exitRules);
  return { ...verdict, exitCode, signal, outputBytes: output.bytes() };
}

function programOf(command: Command): {
  program: string;
  args: readonly string[];
  stdin: string | undefined;
} {
  if (command.kind === 'shell') {
    return { program: command.shell, args: ['-c', command.line], stdin: command.stdin };
  }
  const [program = '', ...args] = command.argv;
  return { program, args, stdin: undefined };
}
