import { PillionError } from '../errors.ts';
import { displayCommand, lastLine } from './display.ts';
import type { RunOutcome } from './outcome.ts';

export type ExecErrorCode = 'exec_failed' | 'exec_timeout' | 'exec_aborted' | 'exec_not_found';

/** Failures to start that pass by themselves: too many processes or open files, no memory. */
const PASSING_SPAWN_ERRORS = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETXTBSY']);
const STDERR_TAIL_CHARACTERS = 2000;

/** A program that could not be started, failed, ran out of time or was aborted. */
export class ExecError extends PillionError {
  override readonly name: string = 'ExecError';
  readonly outcome: RunOutcome;
  /** The command line as a person would type it, shortened. */
  readonly command: string;

  constructor(command: string, args: readonly string[], outcome: RunOutcome, cwd?: string) {
    const display = displayCommand(command, args);
    const code = codeOf(outcome);
    super({
      code,
      message: `${display}: ${describe(outcome, cwd)}`,
      hint: hintOf(code, command, outcome),
      retryable: code === 'exec_timeout' || PASSING_SPAWN_ERRORS.has(outcome.spawnError ?? ''),
      facts: {
        command: display,
        exitCode: outcome.exitCode,
        signal: outcome.signal,
        timedOut: outcome.timedOut,
        spawnError: outcome.spawnError,
        durationMs: Math.round(outcome.durationMs),
        stderrTail: outcome.stderr.slice(-STDERR_TAIL_CHARACTERS),
      },
    });
    this.outcome = outcome;
    this.command = display;
  }
}

function codeOf(outcome: RunOutcome): ExecErrorCode {
  if (outcome.aborted) {
    return 'exec_aborted';
  }
  if (outcome.timedOut) {
    return 'exec_timeout';
  }
  return outcome.spawnError === 'ENOENT' && !outcome.directoryMissing ? 'exec_not_found' : 'exec_failed';
}

/** What happened, on one line, with the last thing the program said. */
function describe(outcome: RunOutcome, cwd: string | undefined): string {
  const said = lastLine(outcome.stderr) || lastLine(outcome.stdout);
  return said === '' || outcome.aborted ? happened(outcome, cwd) : `${happened(outcome, cwd)}: ${said}`;
}

function happened(outcome: RunOutcome, cwd: string | undefined): string {
  const after = `after ${(outcome.durationMs / 1000).toFixed(1)} s`;
  if (outcome.aborted) {
    return `aborted ${after}`;
  }
  if (outcome.timedOut) {
    return `timed out ${after}`;
  }
  if (outcome.spawnError !== undefined) {
    return outcome.directoryMissing
      ? `cannot start: the working directory ${cwd ?? '.'} does not exist`
      : `cannot start: ${startFailure(outcome.spawnError)}`;
  }
  if (outcome.signal !== undefined) {
    return `ended by ${outcome.signal} ${after}`;
  }
  return `failed with exit code ${outcome.exitCode ?? 'unknown'}`;
}

function startFailure(spawnError: string): string {
  switch (spawnError) {
    case 'ENOENT':
      return 'the program (or the interpreter in its first line) does not exist';
    case 'EACCES':
      return 'permission denied';
    case 'E2BIG':
      return 'the arguments and environment are too long';
    default:
      return spawnError;
  }
}

function hintOf(code: ExecErrorCode, command: string, outcome: RunOutcome): string | undefined {
  if (code === 'exec_not_found') {
    return `install ${command}, or put its directory into PATH`;
  }
  if (outcome.spawnError === 'EACCES') {
    return `make ${command} executable for the user this runs as`;
  }
  return code === 'exec_timeout' ? 'find out what it waits for, or allow it more time' : undefined;
}
