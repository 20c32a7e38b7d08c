import { resolve } from 'node:path';
import { PillionError } from '../../../core/errors.ts';
import { ExecError } from '../../../core/exec/exec-error.ts';
import { type RunOutcome, run } from '../../../core/exec/run.ts';
import { describeStartFailure, findWindowsLineEnds } from '../../../core/exec/start-failure.ts';
import type { Log } from '../../../core/log/log.ts';
import type { ExecHook } from '../../settings.ts';

export interface ExecHookInit {
  readonly hook: ExecHook;
  readonly log: Log;
  readonly env: () => Readonly<Record<string, string>>;
  readonly treePath: (hash: string) => string;
}

/**
 * Runs the hook's program in the tree of a commit, with GITSYNC_HASH. One executable, no shell, no arguments; a
 * relative path with a slash is relative to the tree.
 */
export function createExecHook({ hook, log, env, treePath }: ExecHookInit) {
  return async (hash: string, signal: AbortSignal): Promise<void> => {
    const cwd = treePath(hash);
    log.info('running exechook', { hash, command: hook.command, timeout: `${hook.timeoutMs / 1000}s` });
    try {
      const result = await run(hook.command, [], {
        cwd,
        env: { ...env(), GITSYNC_HASH: hash },
        timeoutMs: hook.timeoutMs,
        signal,
      });
      log.at(1, 'exechook succeeded', { hash, stdout: result.stdout, stderr: result.stderr });
    } catch (error) {
      throw await describeFailure(hook, cwd, error);
    }
  };
}

async function describeFailure(hook: ExecHook, cwd: string, error: unknown): Promise<unknown> {
  if (!(error instanceof ExecError)) {
    return error;
  }
  const { outcome } = error;
  const why = outcome.timedOut
    ? 'context deadline exceeded'
    : outcome.startFailure !== undefined
      ? `cannot start: ${describeStartFailure(outcome, hook.command, cwd)}`
      : `exit status ${outcome.exitCode ?? outcome.signal ?? 'unknown'}`;
  const streams = `{ stdout: ${JSON.stringify(outcome.stdout)}, stderr: ${JSON.stringify(outcome.stderr)} }`;
  return new PillionError({
    code: 'hook_failed',
    message: `Run(${hook.command}): ${why}: ${streams}`,
    hint: await hintOf(hook, cwd, outcome),
    retryable: true,
  });
}

const MISUSED =
  'the command is one executable without arguments; put arguments or a shell line into a script';

/** `env` and shells cannot say that it is the line end that they stumble over. */
async function hintOf(hook: ExecHook, cwd: string, outcome: RunOutcome): Promise<string | undefined> {
  if (outcome.startFailure !== undefined) {
    return hook.command.includes(' ') ? MISUSED : outcome.startFailure.hint;
  }
  const isSuspect = outcome.exitCode !== undefined && outcome.exitCode > 0 && hook.command.includes('/');
  return isSuspect ? (await findWindowsLineEnds(resolve(cwd, hook.command)))?.hint : undefined;
}
