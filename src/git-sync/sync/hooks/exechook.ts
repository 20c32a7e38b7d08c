import { resolve } from 'node:path';
import type { PillionError } from '../../../core/errors.ts';
import { ExecError } from '../../../core/exec/exec-error.ts';
import { type RunOutcome, run } from '../../../core/exec/run.ts';
import { describeStartFailure, findWindowsLineEnds } from '../../../core/exec/start-failure.ts';
import type { Log } from '../../../core/log/log.ts';
import type { ExecHook } from '../spec.ts';
import { HOOK_ERRORS } from './errors.ts';

export interface ExecHookInit {
  readonly hook: ExecHook;
  readonly log: Log;
  readonly env: () => Readonly<Record<string, string>>;
  readonly treePath: (hash: string) => string;
}

/**
 * Runs the hook's program in the worktree of a commit, with GITSYNC_HASH. One executable, no shell, no arguments; a
 * relative path with a slash is relative to the worktree.
 */
export function createExecHook({ hook, log, env, treePath }: ExecHookInit) {
  return async (hash: string, signal: AbortSignal): Promise<void> => {
    const cwd = treePath(hash);
    log.info('running exechook', { hash, command: hook.command, timeout: `${hook.timeoutMs / 1000}s` });
    try {
      const { stdout, stderr } = await run(hook.command, [], {
        cwd,
        env: { ...env(), GITSYNC_HASH: hash },
        timeoutMs: hook.timeoutMs,
        signal,
      });
      log.at(1, 'exechook succeeded', { hash, stdout, stderr });
    } catch (error) {
      throw error instanceof ExecError ? await failed(hook, cwd, error.outcome) : error;
    }
  };
}

/** How a run has ended, in the words of git-sync. */
export function outcomeInWords(command: string, cwd: string, outcome: RunOutcome): string {
  if (outcome.timedOut) {
    return 'context deadline exceeded';
  }
  return outcome.startFailure === undefined
    ? `exit status ${outcome.exitCode ?? outcome.signal ?? 'unknown'}`
    : `cannot start: ${describeStartFailure(outcome, command, cwd)}`;
}

async function failed(hook: ExecHook, cwd: string, outcome: RunOutcome): Promise<PillionError> {
  const { stdout, stderr } = outcome;
  const streams = `{ stdout: ${JSON.stringify(stdout)}, stderr: ${JSON.stringify(stderr)} }`;
  const why = `Run(${hook.command}): ${outcomeInWords(hook.command, cwd, outcome)}: ${streams}`;
  return HOOK_ERRORS.hook_failed({ why, hint: await hintOf(hook, cwd, outcome) });
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
