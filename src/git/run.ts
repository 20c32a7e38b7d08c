/** The one way to run git: private configuration, bounded time, errors that say what to try. */
import { systemClock } from '../core/clock.ts';
import { type RunOptions, run } from '../core/exec/run.ts';
import type { Log } from '../core/log/log.ts';
import { gitError } from './errors.ts';

export interface GitCall {
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Variables for this call only. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Receives standard output as it comes; what `run` resolves to is then at most its last MiB. Git waits until a promise
   * that it returns is resolved.
   */
  readonly onStdout?: (chunk: Buffer) => void | Promise<void>;
  readonly stdin?: RunOptions['stdin'];
  readonly onChannel?: RunOptions['onChannel'];
}

export interface Git {
  /** Runs git with these arguments; resolves to its standard output, trimmed. */
  run(args: readonly string[], call: GitCall): Promise<string>;
}

export interface GitInit {
  readonly program: string;
  readonly log: Log;
  /** The whole environment of git; asked for each call, since keys are rotated. */
  readonly env: () => Readonly<Record<string, string>>;
}

export function createGit({ program, log, env }: GitInit): Git {
  return {
    async run(args, call) {
      const shown = [program, ...args].join(' ');
      log.at(5, 'running command', { cwd: call.cwd, cmd: shown });
      const started = systemClock.monotonic();
      const { onStdout, stdin, onChannel } = call;
      try {
        const result = await run(program, args, {
          cwd: call.cwd,
          env: { ...env(), ...call.env },
          signal: call.signal,
          graceMs: 500,
          stdin,
          onChannel,
          onOutput: (stream, chunk) => (stream === 'stdout' ? onStdout?.(chunk) : undefined),
        });
        const time = `${Math.round(systemClock.monotonic() - started)}ms`;
        log.at(6, 'command result', { stdout: result.stdout, stderr: result.stderr, time, cmd: shown });
        return result.stdout.trim();
      } catch (error) {
        throw gitError(error);
      }
    },
  };
}

/** The same git with more variables in its environment. */
export function withVariables(git: Git, variables: Readonly<Record<string, string>>): Git {
  return { run: (args, call) => git.run(args, { ...call, env: { ...variables, ...call.env } }) };
}
