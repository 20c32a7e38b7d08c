/** Runs a command of the user: a check, a repair, a hook. */
import { tryRun } from '../../core/exec/run.ts';
import { isOfStore } from '../store-variables.ts';

export interface UserCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Of this process; our own settings and the keys of the repository are left out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly extra?: Readonly<Record<string, string>> | undefined;
}

export type CommandEnd =
  | { readonly kind: 'ok'; readonly said: string }
  /** It ended by itself and was not content. */
  | { readonly kind: 'failed'; readonly exitCode: number; readonly said: string }
  /** It could not be started, was ended by a signal, or did not end in time: it says nothing. */
  | { readonly kind: 'broken'; readonly why: string; readonly said: string };

/** What shells answer for a program that is not there, or cannot be executed. */
const NOT_RUN = new Set([126, 127]);
const MAX_SAID = 500;
/** The variables of our options, of which some hold secrets: hooks do not get them, nor what opens the repository. */
const OF_OPTIONS = /^PILLION_/;

export async function runCommand(command: UserCommand, signal: AbortSignal): Promise<CommandEnd> {
  const [program = '', ...args] = command.argv;
  const outcome = await tryRun(program, args, {
    cwd: command.cwd,
    env: { ...environmentOf(command.env), ...command.extra },
    timeoutMs: command.timeoutMs,
    signal,
  });
  signal.throwIfAborted();
  const { exitCode, timedOut, startFailure } = outcome;
  const said = lastWords(outcome.stderr) || lastWords(outcome.stdout);
  if (startFailure !== undefined) {
    return { kind: 'broken', why: `${program} ${startFailure.problem}`, said };
  }
  if (timedOut) {
    return { kind: 'broken', why: `${program} did not end within ${command.timeoutMs / 1000} s`, said };
  }
  if (exitCode === undefined) {
    return { kind: 'broken', why: `${program} was ended by ${outcome.signal ?? 'a signal'}`, said };
  }
  if (NOT_RUN.has(exitCode)) {
    return { kind: 'broken', why: `${program} could not run its command (exit code ${exitCode})`, said };
  }
  return exitCode === 0 ? { kind: 'ok', said } : { kind: 'failed', exitCode, said };
}

/** A failure on one line. */
export function describeEnd(what: string, end: Exclude<CommandEnd, { kind: 'ok' }>): string {
  const why = end.kind === 'broken' ? end.why : `exit code ${end.exitCode}`;
  return `${what}: ${why}${end.said === '' ? '' : `: ${end.said}`}`;
}

function environmentOf(env: UserCommand['env']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !OF_OPTIONS.test(name) && !isOfStore(name)) {
      kept[name] = value;
    }
  }
  return kept;
}

function lastWords(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ').slice(-MAX_SAID);
}
