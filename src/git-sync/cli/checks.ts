/** Checks that both dialects share in their form: the first that fails is reported. */

import { gitConfigProblem } from '../options/git-config-grammar.ts';

/** Says what is wrong with the values, or nothing. */
export type Check<V> = (values: V) => string | undefined;

export const when = (isWrong: boolean, complaint: string): string | undefined =>
  isWrong ? complaint : undefined;

/** Complaints that begin as those of a dialect do: `invalid flag: --repo holds blanks`. */
export function complaintsBeginning(beginning: string) {
  const because = (problem: string | undefined, words: string) =>
    problem === undefined ? undefined : `${beginning}: ${words}${problem}`;
  return {
    flagComplaint: (flag: string, problem: string | undefined) => because(problem, `--${flag} `),
    gitConfigComplaint: (flag: string, text: string) =>
      because(gitConfigProblem(text), `can't parse --${flag}: `),
  };
}

/** The first complaint, if any. */
export function firstComplaint<V>(checks: readonly Check<V>[], values: V): string | undefined {
  for (const check of checks) {
    const complaint = check(values);
    if (complaint !== undefined) {
      return complaint;
    }
  }
  return undefined;
}

/** The longest time.Duration in milliseconds: a longer wait would wrap around. */
export const LONGEST_MS = Number(2n ** 63n / 1_000_000n);

/** Whether a duration lies between its minimum and what a duration can hold; false for NaN. */
export function isDuration(ms: number, minimum: number): boolean {
  return ms >= minimum && ms <= LONGEST_MS;
}

/** `"a", "b", or "c"`, as the messages have it; `"a" or "b"` for two. */
export function quotedList(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  if (quoted.length < 3) {
    return quoted.join(' or ');
  }
  return `${quoted.slice(0, -1).join(', ')}, or ${quoted.at(-1) ?? ''}`;
}
