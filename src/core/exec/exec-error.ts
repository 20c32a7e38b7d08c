import { defineErrors, PillionError } from '../errors.ts';
import { displayCommand, lastLine } from './display.ts';
import type { RunOutcome } from './outcome.ts';
import { describeStartFailure } from './start-failure.ts';

const STDERR_TAIL_CHARACTERS = 2000;

interface Failure {
  /** The command line as a person would type it, shortened. */
  readonly command: string;
  /** What happened, on one line, with the last thing the program said. */
  readonly what: string;
  readonly hint?: string | undefined;
}

const message = ({ command, what }: Failure): string => `${command}: ${what}`;
const hint = (failure: Failure): string | undefined => failure.hint;

export const EXEC_ERRORS = defineErrors({
  exec_failed: {
    message,
    hint,
    about: 'a program could not be started or failed: its last words are in the message',
  },
  exec_not_found: {
    message,
    hint,
    about: 'a program is not there: install it, or put its directory into PATH',
  },
  exec_timeout: { message, hint: 'find out what it waits for, or allow it more time' },
  exec_aborted: { message, hint: 'it was ended because the work that needed it was' },
});

export type ExecErrorCode = keyof typeof EXEC_ERRORS;

/** A program that could not be started, failed, ran out of time or was aborted. */
export class ExecError extends PillionError {
  override readonly name: string = 'ExecError';
  readonly outcome: RunOutcome;
  readonly command: string;

  constructor(command: string, args: readonly string[], outcome: RunOutcome, cwd?: string) {
    const display = displayCommand(command, args);
    const failure = {
      command: display,
      what: describe(command, outcome, cwd),
      hint: outcome.startFailure?.hint,
    };
    super(EXEC_ERRORS[codeOf(outcome)].init(failure, { facts: factsOf(display, outcome) }));
    this.outcome = outcome;
    this.command = display;
  }
}

function factsOf(command: string, outcome: RunOutcome) {
  return {
    command,
    exitCode: outcome.exitCode,
    signal: outcome.signal,
    timedOut: outcome.timedOut,
    spawnError: outcome.spawnError,
    durationMs: Math.round(outcome.durationMs),
    stderrTail: outcome.stderr.slice(-STDERR_TAIL_CHARACTERS),
  };
}

function codeOf({ aborted, timedOut, spawnError, startFailure }: RunOutcome): ExecErrorCode {
  if (aborted) {
    return 'exec_aborted';
  }
  if (timedOut) {
    return 'exec_timeout';
  }
  return spawnError === 'ENOENT' && startFailure?.subject === 'program' ? 'exec_not_found' : 'exec_failed';
}

function describe(command: string, outcome: RunOutcome, cwd: string | undefined): string {
  const said = lastLine(outcome.stderr) || lastLine(outcome.stdout);
  const what = happened(command, outcome, cwd);
  return said === '' || outcome.aborted ? what : `${what}: ${said}`;
}

function happened(command: string, outcome: RunOutcome, cwd: string | undefined): string {
  const after = `after ${(outcome.durationMs / 1000).toFixed(1)} s`;
  if (outcome.aborted) {
    return `aborted ${after}`;
  }
  if (outcome.timedOut) {
    return `timed out ${after}`;
  }
  if (outcome.startFailure !== undefined) {
    return `cannot start: ${describeStartFailure(outcome, command, cwd)}`;
  }
  if (outcome.signal !== undefined) {
    return `ended by ${outcome.signal} ${after}`;
  }
  return `failed with exit code ${outcome.exitCode ?? 'unknown'}`;
}
