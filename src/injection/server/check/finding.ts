/** What `pillion injector check` says. */
import { errorMessage, isPillionError } from '../../../core/errors.ts';
import { printable } from '../../../core/printable.ts';

export type Level = 'ok' | 'warning' | 'failed';

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly level: Level;
  readonly message: string;
  /** What to try. */
  readonly hint?: string;
}

/** What was found at an edge, or why it could not be looked at. */
export type Attempted<T> = { readonly value: T } | { readonly problem: string };

export const found = <T>(value: T): Attempted<T> => ({ value });

/** The value, or undefined where it could not be looked at. */
export function valueOf<T>(attempted: Attempted<T>): T | undefined {
  return 'value' in attempted ? attempted.value : undefined;
}

/** Does what may fail for reasons that are a finding themselves. */
export async function attempt<T>(work: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return found(await work());
  } catch (error) {
    if (!isPillionError(error)) {
      throw error;
    }
    return { problem: errorMessage(error) };
  }
}

/** Not everybody may look at everything: that nothing is known is never told as good news. */
export function notChecked(check: string, problem: string): Finding {
  const hint = problem.includes(' 403')
    ? 'run it with the rights of an administrator: kubectl proxy, and --api-server=http://127.0.0.1:8001'
    : 'is --api-server the address of an API server?';
  return { check, level: 'warning', message: `could not be looked at: ${problem}`, hint };
}

/** Whoever waits for the exit code must not take silence for a working injector. */
export function notReached(problem: string): Finding {
  return {
    check: 'API server',
    level: 'failed',
    message: `cannot be reached, so that nothing was looked at: ${problem}`,
    hint: 'kubectl proxy, and --api-server=http://127.0.0.1:8001',
  };
}

const SHOWN = 5;

/** `a, b, c and 7 more` */
export function someOf(names: readonly string[]): string {
  const rest = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** 1 as soon as something has failed; warnings are for people. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ level }) => level === 'failed') ? 1 : 0;
}

/** One line for a finding, and one for what to try. */
export function renderFinding({ check, level, message, hint }: Finding): string {
  const tried = hint === undefined ? '' : `\n${' '.repeat(9)}try: ${printable(hint)}`;
  return `${level.padEnd(7)}  ${check}: ${printable(message)}${tried}`;
}
