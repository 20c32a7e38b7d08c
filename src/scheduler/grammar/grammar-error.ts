/** Something in an expression that is valid, and may mean something else than its writer thinks. */
export interface Remark {
  /** 0-based, as in `GrammarError`. */
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

/** What is wrong with a piece of text: where in it (0-based), what, and what to write instead. */
export class GrammarError extends Error {
  override readonly name = 'GrammarError';
  readonly offset: number;
  readonly hint: string;

  constructor(message: string, offset: number, hint: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}
