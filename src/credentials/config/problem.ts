import { shorten } from '../../core/exec/display.ts';

/** Messages quote what is wrong, and that may be a megabyte. */
const LONGEST_MESSAGE = 1000;

/** Something wrong with a configuration, and where: the keys and indices that lead there. */
export type KeyPath = readonly (string | number)[];

export class ConfigProblem extends Error {
  override readonly name = 'ConfigProblem';
  readonly path: KeyPath;
  readonly hint: string | undefined;

  constructor(path: KeyPath, message: string, hint?: string) {
    super(shorten(message, LONGEST_MESSAGE));
    this.path = path;
    this.hint = hint;
  }
}
