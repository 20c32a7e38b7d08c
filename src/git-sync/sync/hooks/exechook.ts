import { resolve } from 'node:path';
import type { PillionError } from '../../../core/errors.ts';
import { displayCommand } from '../../../core/exec/display.ts';
import { type RunOutcome, tryRun } from '../../../core/exec/run.ts';
import { describeStartFailure, findWindowsLineEnds } from '../../../core/exec/start-failure.ts';
import type { Log } from '../../../core/log/log.ts';
import type { ExecHook } from '../spec.ts';
import { HOOK_ERRORS } from './errors.ts';
import { showOutput } from './shown-output.ts';

export interface ExecHookInit {
  readonly hook: ExecHook;
  /** Default none. */
  readonly args?: readonly string[];
  /** The command is a line for `/bin/sh`, the arguments are its `$1` and so on. */
  readonly isShell?: boolean;
  /** What it prints becomes log lines. */
  readonly showsOutput?: boolean;
  readonly log: Log;
  readonly env: () => Readonly<Record<string, string>>;
  readonly treePath: (hash: string) => string;
}

/** Kept of each stream, for the error and for the debug log. */
const MAX_KEPT_BYTES = 64 * 1024;

/**
 * Runs the hook's program in the worktree of a commit, with GITSYNC_HASH. A relative path with a slash is relative to the
 * worktree.
 */
export function createExecHook(init: ExecHookInit) {
  const { hook, log, env, treePath } = init;
  const [program, args] = commandOf(init);
  return async (hash: string, signal: AbortSignal): Promise<void> => {
    const cwd = treePath(hash);
    log.info('running exechook', { hash, command: hook.command, timeout: `${hook.timeoutMs / 1000}s` });
    const output = init.showsOutput ? showOutput(log, { hash }) : undefined;
    const outcome = await tryRun(program, args, {
      cwd,
      env: { ...env(), GITSYNC_HASH: hash },
      timeoutMs: hook.timeoutMs,
      maxOutputBytes: MAX_KEPT_BYTES,
      onOutput: output?.push,
      signal,
    });
    output?.end();
    if (outcome.exitCode !== 0 || outcome.timedOut || outcome.aborted) {
      throw await failed(init, program, cwd, outcome);
    }
    const { stdout, stderr } = outcome;
    log.at(1, 'exechook succeeded', { hash, stdout, stderr });
  };
}

function commandOf({ hook: { command }, args = [], isShell = false }: ExecHookInit) {
  return isShell ? (['/bin/sh', ['-c', command, 'sh', ...args]] as const) : ([command, args] as const);
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

async function failed(
  init: ExecHookInit,
  program: string,
  cwd: string,
  outcome: RunOutcome,
): Promise<PillionError> {
  const { stdout, stderr } = outcome;
  const { hook, args = [] } = init;
  const shown = args.length === 0 ? hook.command : displayCommand(hook.command, args);
  const streams = `{ stdout: ${JSON.stringify(stdout)}, stderr: ${JSON.stringify(stderr)} }`;
  const why = `Run(${shown}): ${outcomeInWords(program, cwd, outcome)}: ${streams}`;
  return HOOK_ERRORS.hook_failed({ why, hint: await hintOf(init, cwd, outcome) });
}

const MISUSED =
  'the command is one executable without arguments; put arguments or a shell line into a script, or give --exechook-args or --exechook-shell (v4)';

/** `env` and shells cannot say that it is the line end that they stumble over. */
async function hintOf(
  { hook: { command }, isShell = false }: ExecHookInit,
  cwd: string,
  outcome: RunOutcome,
): Promise<string | undefined> {
  if (outcome.startFailure !== undefined) {
    return !isShell && command.includes(' ') ? MISUSED : outcome.startFailure.hint;
  }
  const mayBeScript = !isShell && command.includes('/');
  const isSuspect = outcome.exitCode !== undefined && outcome.exitCode > 0 && mayBeScript;
  return isSuspect ? (await findWindowsLineEnds(resolve(cwd, command)))?.hint : undefined;
}
