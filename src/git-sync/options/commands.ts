/** Commands as the user writes them. */
import type { ValueType } from '../../core/options/option.ts';
import { stringList } from './argument-list.ts';

/** One command for each use. A variable holds one, since a colon may be a part of it. */
export const commandTexts: ValueType<readonly string[]> = {
  name: 'command',
  repeats: true,
  parse: (text) => [text],
  append: (earlier, later) => [...earlier, ...later],
  format: (texts) => texts.join(','),
};

export interface HookCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** As it was written. */
  readonly shown: string;
}

/**
 * A program without arguments, or as a JSON list with them; where a shell was asked for, a line for `/bin/sh`. Gives what is
 * wrong with it as a text.
 */
export function parseCommand(text: string, isShell: boolean): HookCommand | string {
  if (isShell) {
    return { program: '/bin/sh', args: ['-c', text], shown: text };
  }
  if (!text.startsWith('[')) {
    return /\s/.test(text)
      ? 'holds blanks: give a list like ["npm", "ci"]'
      : { program: text, args: [], shown: text };
  }
  const [program = '', ...args] = stringList(text) ?? [];
  return program === ''
    ? 'is no JSON list of a program and its arguments, like ["npm", "ci"]'
    : { program, args, shown: text };
}

/** Those that are written right; empty ones are none. */
export function parseCommands(texts: readonly string[], isShell: boolean): HookCommand[] {
  return texts
    .filter((text) => text.trim() !== '')
    .flatMap((text) => {
      const command = parseCommand(text, isShell);
      return typeof command === 'string' ? [] : command;
    });
}

/** What is wrong with the first that is not; undefined where all are right. */
export function commandProblem(texts: readonly string[], isShell: boolean): string | undefined {
  return texts
    .filter((text) => text.trim() !== '')
    .map((text) => parseCommand(text, isShell))
    .find((command) => typeof command === 'string');
}
