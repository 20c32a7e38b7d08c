import type { Secrecy } from './secrecy.ts';

/** How a value is written and read; the name is what help and docs show. */
export interface ValueType<T> {
  readonly name: string;
  /** What a value has to be, in words, where the name does not say it: `a number with a unit, such as 10s`. */
  readonly expected?: string;
  /** May stand without a value on the command line (`--flag` means true). */
  readonly boolean?: boolean;
  /** Every use adds to the value instead of replacing it. */
  readonly repeats?: boolean;
  /** Uses on the command line add to what the environment gave, instead of replacing it. */
  readonly accumulates?: boolean;
  /** Reads one spelled value; throws {@link ValueError} with a message that says what is allowed. */
  parse(text: string): T;
  /** Joins the value of a repeated use to what earlier uses gave. */
  append?(earlier: T, later: T): T;
  /** The spelling that `parse` would read back; used for defaults in help and docs. */
  format(value: T): string;
}

/** One option, declared once: parser, help, docs, completion, YAML key and redaction are derived from it. */
export interface Option<T> {
  /** Long flag without dashes; also the YAML key. */
  readonly flag: string;
  /** Single letter, without the dash. */
  readonly short?: string;
  readonly type: ValueType<T>;
  readonly default: T;
  /** How the default is described when the plain value would mislead, e.g. "leaf of the repository". */
  readonly defaultText?: string;
  /** Accepted variables, the current name first; which of several counts is the resolver's rule. */
  readonly env?: readonly string[];
  /** One or two sentences, shown in help and reference. */
  readonly help: string;
  /** What of the value is never printed: it is registered for redaction when it is read, and hooks do not see it. */
  readonly secret?: Secrecy;
  /** Only settable through the environment or a file, never as a flag (secrets do not belong into argv). */
  readonly envOnly?: boolean;
  /** Works, but is shown nowhere. */
  readonly hidden?: boolean;
  /** Works, is hidden, and using it prints this advice. */
  readonly deprecated?: string;
  /** Range and format checks: returns what is wrong and what is allowed, or undefined. */
  check?(value: T): string | undefined;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values that a set of options resolves to. */
export type Values<O extends Options> = {
  -readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

/** A spelled value that its type cannot read. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/** Declares the options of a command; keeps the literal keys so that values are typed. */
export function defineOptions<const O extends Options>(options: O): O {
  return options;
}

/** Declares one option with its type checked against its default. */
export function option<T>(declaration: Option<T>): Option<T> {
  return declaration;
}
