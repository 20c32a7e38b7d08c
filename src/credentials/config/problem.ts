/** Something wrong with a configuration, and where: the keys and indices that lead there. */
export type KeyPath = readonly (string | number)[];

export class ConfigProblem extends Error {
  override readonly name = 'ConfigProblem';
  readonly path: KeyPath;
  readonly hint: string | undefined;

  constructor(path: KeyPath, message: string, hint?: string) {
    super(message);
    this.path = path;
    this.hint = hint;
  }
}
