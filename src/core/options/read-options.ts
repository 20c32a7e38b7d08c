/**
 * What every dialect does with a command line and an environment: secrets are registered before anything else, values
 * are read and checked, the first problem ends it. Dialects differ in syntax, in how they choose among variables, and in
 * the words of their messages.
 */
import type { FlagError, FlagSyntax, FlagUse } from './flag-syntax.ts';
import { flagLookup } from './lookup.ts';
import type { Option, Options } from './option.ts';
import { type Redactor, spelledText } from './redactor.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value was given, and how it was spelled there. */
export interface Given {
  readonly kind: 'flag' | 'variable' | 'file';
  /** How a message names the place: `--depth`, `DEPTH`, the key in the file. */
  readonly name: string;
  readonly texts: readonly string[];
}

/** A spelled value that cannot be read. */
export interface BadValue {
  readonly kind: 'bad value';
  readonly given: Given;
  readonly declared: Option<unknown>;
  readonly text: string;
  readonly error: unknown;
}

export type Problem =
  | BadValue
  | ({ readonly kind: 'bad syntax' } & FlagError)
  | {
      readonly kind: 'not allowed';
      readonly given: Given;
      readonly declared: Option<unknown>;
      readonly why: string;
    };

/** How a dialect reads the environment. */
export interface VariableRules {
  /** The variable that counts, if any; `note` takes what is to be said about others. */
  choose(
    declared: Option<unknown>,
    env: Environment,
    note: (text: string) => void,
  ): { readonly name: string; readonly text: string } | undefined;
  /** Default: as the type reads it. */
  parse?(declared: Option<unknown>, text: string): unknown;
  /** Whether a variable that cannot be read counts as not set. */
  ignores?(bad: BadValue, note: (text: string) => void): boolean;
}

export interface ReadInput {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly syntax: FlagSyntax;
  readonly variables: VariableRules;
  readonly redactor: Redactor;
  /** What a configuration file says; the command line and the environment come before it. */
  readonly file?: ((declared: Option<unknown>) => Given | undefined) | undefined;
}

export interface Reading {
  readonly values: Readonly<Record<string, unknown>>;
  /** By key: the variable or the place in the file that was read. */
  readonly variables: ReadonlyMap<string, Given>;
  readonly fromFile: ReadonlyMap<string, Given>;
  /** Flags that were applied, in the order of the command line. */
  readonly uses: readonly FlagUse[];
  readonly positionals: readonly string[];
  /** About variables. */
  readonly notes: readonly string[];
  /** The first problem; values are those up to it. */
  readonly problem: Problem | undefined;
}

export function readOptions(options: Options, input: ReadInput): Reading {
  const { redactor } = input;
  const parsed = input.syntax(input.argv, flagLookup(options));
  const values: Record<string, unknown> = {};
  const variables = new Map<string, Given>();
  const fromFile = new Map<string, Given>();
  const applied: FlagUse[] = [];
  const notes: string[] = [];
  const state = { values, variables, fromFile, uses: applied, positionals: parsed.positionals, notes };

  for (const { key, value } of parsed.uses) {
    registerIn(redactor, options[key], [value]);
  }
  for (const [key, declared] of Object.entries(options)) {
    values[key] = declared.default;
    const found = readElsewhere(declared, input, notes);
    if (found === undefined) {
      continue;
    }
    if ('error' in found) {
      return { ...state, problem: found };
    }
    values[key] = found.value;
    (found.given.kind === 'file' ? fromFile : variables).set(key, found.given);
  }
  const bad = applyFlags(options, parsed.uses, values, applied);
  if (bad !== undefined) {
    return { ...state, problem: bad };
  }
  if (parsed.error !== undefined) {
    return { ...state, problem: { kind: 'bad syntax', ...parsed.error } };
  }
  return { ...state, problem: firstNotAllowed(options, state) };
}

function registerIn(
  redactor: Redactor,
  declared: Option<unknown> | undefined,
  texts: readonly string[],
): void {
  if (declared !== undefined) {
    texts.forEach((text) => redactor.register(declared, text));
  }
}

type Found = { readonly given: Given; readonly value: unknown };

/** From the environment, or else from the file. */
function readElsewhere(
  declared: Option<unknown>,
  { env, variables, redactor, file }: ReadInput,
  notes: string[],
): Found | BadValue | undefined {
  const note = (text: string) => notes.push(text);
  const chosen = variables.choose(declared, env, note);
  if (chosen !== undefined) {
    const given: Given = { kind: 'variable', name: chosen.name, texts: [chosen.text] };
    registerIn(redactor, declared, given.texts);
    const read = variables.parse ?? parseAsTyped;
    const found = readAll(declared, given, (text) => read(declared, text));
    if (!('error' in found) || !variables.ignores?.(found, note)) {
      return found;
    }
  }
  const given = file?.(declared);
  if (given === undefined) {
    return undefined;
  }
  registerIn(redactor, declared, given.texts);
  return readAll(declared, given, (text) => declared.type.parse(spelledText(declared, text)));
}

const parseAsTyped = (declared: Option<unknown>, text: string): unknown => declared.type.parse(text);

function readAll(declared: Option<unknown>, given: Given, read: (text: string) => unknown): Found | BadValue {
  const values: unknown[] = [];
  for (const text of given.texts) {
    try {
      values.push(read(text));
    } catch (error) {
      return { kind: 'bad value', given, declared, text, error };
    }
  }
  return { given, value: joined(values, declared.type) };
}

/**
 * All values of a repeated option; the last, where they do not add up. Two by two, since each step copies what it joins:
 * one after the other would take a time that grows with the square.
 */
function joined(values: readonly unknown[], { append }: Option<unknown>['type']): unknown {
  if (append === undefined) {
    return values.at(-1);
  }
  let level = values;
  while (level.length > 1) {
    const pairs: unknown[] = [];
    for (let at = 0; at < level.length; at += 2) {
      pairs.push(at + 1 < level.length ? append(level[at], level[at + 1]) : level[at]);
    }
    level = pairs;
  }
  // Of what can be repeated, an empty list in a file is none.
  return level.length === 0 ? [] : level[0];
}

/** Applies flags up to the first that is bad; they come to `applied`. */
function applyFlags(
  options: Options,
  uses: readonly FlagUse[],
  values: Record<string, unknown>,
  applied: FlagUse[],
): BadValue | undefined {
  const given = new Map<string, unknown[]>();
  let bad: BadValue | undefined;
  for (const use of uses) {
    const declared = options[use.key];
    const read = declared && readFlag(declared, use);
    if (read !== undefined && 'bad' in read) {
      bad = read.bad;
      break;
    }
    if (read !== undefined) {
      // The first use of a repeated flag replaces what the environment gave, unless its values accumulate.
      const pieces = given.get(use.key) ?? (declared?.type.accumulates === true ? [values[use.key]] : []);
      pieces.push(read.value);
      given.set(use.key, pieces);
    }
    applied.push(use);
  }
  for (const [key, pieces] of given) {
    const declared = options[key];
    values[key] = declared && joined(pieces, declared.type);
  }
  return bad;
}

function readFlag(
  declared: Option<unknown>,
  { value: text, spelled }: FlagUse,
): { readonly value: unknown } | { readonly bad: BadValue } {
  try {
    return { value: declared.type.parse(spelledText(declared, text)) };
  } catch (error) {
    const given: Given = { kind: 'flag', name: spelled, texts: [text] };
    return { bad: { kind: 'bad value', given, declared, text, error } };
  }
}

/** `Option.check` of every value that was given. */
function firstNotAllowed(
  options: Options,
  { values, uses, variables, fromFile }: Omit<Reading, 'problem' | 'notes' | 'positionals'>,
): Problem | undefined {
  for (const [key, declared] of Object.entries(options)) {
    const use = uses.findLast((one) => one.key === key);
    const given: Given | undefined =
      use === undefined
        ? (variables.get(key) ?? fromFile.get(key))
        : { kind: 'flag', name: use.spelled, texts: [use.value] };
    const why = given === undefined ? undefined : declared.check?.(values[key]);
    if (given !== undefined && why !== undefined) {
      return { kind: 'not allowed', given, declared, why };
    }
  }
  return undefined;
}
