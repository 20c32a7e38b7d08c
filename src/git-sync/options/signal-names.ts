import { constants } from 'node:os';
import { parseGoInt } from '../../core/options/go-values.ts';

/** The signals by the names that users of git-sync may write, without aliases. */
const NAMES: readonly NodeJS.Signals[] = [
  'SIGABRT',
  'SIGALRM',
  'SIGBUS',
  'SIGCHLD',
  'SIGCONT',
  'SIGFPE',
  'SIGHUP',
  'SIGILL',
  'SIGINT',
  'SIGIO',
  'SIGKILL',
  'SIGPIPE',
  'SIGPROF',
  'SIGPWR',
  'SIGQUIT',
  'SIGSEGV',
  'SIGSTKFLT',
  'SIGSTOP',
  'SIGSYS',
  'SIGTERM',
  'SIGTRAP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGUSR1',
  'SIGUSR2',
  'SIGVTALRM',
  'SIGWINCH',
  'SIGXCPU',
  'SIGXFSZ',
];

function numberOf(text: string): number | undefined {
  try {
    return parseGoInt(text);
  } catch {
    return undefined;
  }
}

/** A signal by number (any base) or by exact upper-case name with or without SIG; undefined for anything else. */
export function parseSignal(text: string): NodeJS.Signals | undefined {
  const number = numberOf(text);
  if (number !== undefined) {
    return NAMES.find((name) => constants.signals[name] === number);
  }
  return NAMES.find((name) => name === text) ?? NAMES.find((name) => name === `SIG${text}`);
}

/** Whether no program can handle this signal. */
export function isUncatchable(signal: NodeJS.Signals): boolean {
  return signal === 'SIGKILL' || signal === 'SIGSTOP';
}
