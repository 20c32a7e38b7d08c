/** Facts about a failure that a program can act on; strings, numbers, booleans only, never a secret. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** What an occurrence adds to its row: where it came from and what a program may act on. */
export interface ErrorDetails {
  readonly facts?: ErrorFacts | undefined;
  readonly cause?: unknown;
}

export interface ErrorInit extends ErrorDetails {
  /** Stable, documented identifier, e.g. `ref_not_found`. Never reused for another meaning. */
  readonly code: string;
  /** What failed, on what. One line. */
  readonly message: string;
  /** What the user can try. One line. */
  readonly hint?: string | undefined;
  /** Exit code of the process when this error ends it: 2 usage, 1 failure. */
  readonly exitCode?: number | undefined;
}

/** The one error class of the project: a stable code, what failed, and what to try. Made by `defineErrors`. */
export class PillionError extends Error {
  override readonly name: string = 'PillionError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly facts: ErrorFacts;
  readonly exitCode: number;

  constructor(init: ErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.hint = init.hint;
    this.facts = init.facts ?? {};
    this.exitCode = init.exitCode ?? 1;
  }
}

/** By shape, because each bundle has a class of its own. */
export function isPillionError(error: unknown): error is PillionError {
  return (
    error instanceof Error && 'code' in error && 'hint' in error && 'facts' in error && 'exitCode' in error
  );
}

/**
 * One kind of failure. Texts may be functions of the parameters of an occurrence. The reference prints `about`, or else
 * the hint: where the hint depends on what happened, or there is none, `about` says what the code stands for.
 */
export type ErrorRow<P = never> = {
  readonly message: string | ((parameters: P) => string);
  readonly exitCode?: number;
  /** Ends a wait inside the program and is never shown: left out of the reference. */
  readonly internal?: true;
} & (
  | { readonly hint: string; readonly about?: string }
  | { readonly hint?: (parameters: P) => string | undefined; readonly about: string }
);

/** The parameters that a row's functions take; `unknown` when all its texts are fixed. */
type ParametersOf<R extends ErrorRow> = ParameterOf<R['message']> & ParameterOf<R['hint']>;
type ParameterOf<T> = T extends (parameters: infer P) => unknown ? P : unknown;

type ErrorArguments<R extends ErrorRow> =
  unknown extends ParametersOf<R>
    ? [details?: ErrorDetails]
    : [parameters: ParametersOf<R>, details?: ErrorDetails];

/** Makes the errors of one code. */
export interface ErrorFactory<R extends ErrorRow = ErrorRow> {
  (...occurrence: ErrorArguments<R>): PillionError;
  readonly code: string;
  /** Whether something that was thrown is an error of this code. */
  matches(error: unknown): error is PillionError;
  /** The same as data, for the constructor of a subclass. */
  init(...occurrence: ErrorArguments<R>): ErrorInit;
  readonly row: ErrorRow;
}

/** What a table of rows becomes: a factory per code. */
export type ErrorTable<T extends Readonly<Record<string, ErrorRow>>> = {
  readonly [Code in keyof T]: ErrorFactory<T[Code]>;
};

/**
 * Declares the errors of one concern, a row per code; code, message, hint and documentation have no other home.
 *
 *     const FILE_ERRORS = defineErrors({
 *       file_missing: { message: ({ path }: { path: string }) => `there is no ${path}`, hint: 'mount it there' },
 *     });
 *     throw FILE_ERRORS.file_missing({ path }, { cause });
 */
export function defineErrors<const T extends Readonly<Record<string, ErrorRow>>>(table: T): ErrorTable<T> {
  const entries = Object.entries(table).map(([code, row]) => [code, createFactory(code, row)] as const);
  // The types of the factories follow from the rows; Object.fromEntries cannot know it.
  return Object.fromEntries(entries) as unknown as ErrorTable<T>;
}

function createFactory(code: string, row: ErrorRow): ErrorFactory {
  const isFixed = typeof row.message === 'string' && typeof row.hint !== 'function';
  const init = (first?: unknown, second?: ErrorDetails): ErrorInit => {
    const details = isFixed ? (first as ErrorDetails | undefined) : second;
    return {
      code,
      message: textOf(row.message, first) ?? '',
      hint: textOf(row.hint, first),
      exitCode: row.exitCode,
      ...details,
    };
  };
  const create = (first?: unknown, second?: ErrorDetails) => new PillionError(init(first, second));
  const matches = (error: unknown): error is PillionError => isPillionError(error) && error.code === code;
  return Object.assign(create, { code, matches, init, row });
}

type Text = string | ((parameters: never) => string | undefined) | undefined;

/** Which parameters belong to which row is checked where the factory is called. */
function textOf(text: Text, parameters: unknown): string | undefined {
  return typeof text === 'function' ? text(parameters as never) : text;
}

export const CORE_ERRORS = defineErrors({
  usage: {
    message: ({ message }: { message: string }) => message,
    hint: ({ hint }: { hint?: string | undefined }) => hint,
    about: 'a flag, a variable or a configuration file is wrong: the message names it',
    exitCode: 2,
  },
});

/** A wrong command line, environment or configuration file: exit code 2. */
export function usageError(message: string, hint?: string): PillionError {
  return CORE_ERRORS.usage({ message, hint });
}

/** The message of anything that was thrown, on one line. */
export function errorMessage(error: unknown): string {
  if (error instanceof Error) {
    return error.message;
  }
  return typeof error === 'string' ? error : JSON.stringify(error);
}

/** The system's error code (ENOENT, EACCES, ...), if there is one. */
export function systemErrorCode(error: unknown): string | undefined {
  const isForeign = error instanceof Error && !isPillionError(error);
  return isForeign && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What the system says, without the call and the path that Node adds: the path may be one that only we understand. */
export function systemMessage(error: unknown): string {
  const message = errorMessage(error);
  return /^(E[A-Z0-9]+: [^,]+), \w+/.exec(message)?.[1] ?? message;
}
