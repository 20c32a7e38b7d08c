import { errorMessage } from '../../core/errors.ts';
import { paced } from '../../core/exec/paced.ts';
import { groupMembers, signalGroup } from '../../core/exec/process-group.ts';
import { tryRun } from '../../core/exec/run.ts';
import type { JobBody, RunContext, RunEnd } from '../job-body.ts';
import type { Command } from './command.ts';
import { type ExitRule, judgeCommand } from './command-end.ts';
import { type CommandOutput, splitOutput } from './command-output.ts';

/** The output has been handed on line by line: nothing of it needs to be kept. */
const KEPT_OUTPUT_BYTES = 1024;

export type Environment = Readonly<Record<string, string>>;

/**
 * What becomes of processes of the group that outlive the command's own: ended with it, left alone without a reader for
 * their output, or the attempt lasts until they have closed its output.
 */
export type Leftovers = 'kill' | 'keep' | 'wait';

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
  readonly leftovers: Leftovers;
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
    untilOutputEnds: options.leftovers === 'wait',
    killGroupAfterExit: false,
    onOutput: (stream, chunk) => paced(chunk, (slice) => output.push(stream, slice)),
    onSpawn(pid) {
      group = pid;
    },
  });
  if (options.leftovers === 'kill' && group !== undefined) {
    endLeftovers(group, (programs) => options.output.leftoversEnded(run, programs));
  }
  group = undefined;
  output.end();
  const { exitCode, signal } = outcome;
  const verdict = judgeCommand(outcome, options);
  return { ...verdict, exitCode, signal, outputBytes: output.bytes() };
}

/** Ends what still runs in the group of a command that has ended. */
function endLeftovers(group: number, report: (programs: readonly string[]) => void): void {
  // Stopped first, so that exactly what is named is ended; without a group there is nothing to search for.
  if (signalGroup(group, 'SIGSTOP')) {
    const programs = groupMembers(group);
    signalGroup(group, 'SIGKILL');
    if (programs.length > 0) {
      report(programs);
    }
  }
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
