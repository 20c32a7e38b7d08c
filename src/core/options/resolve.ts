/** How Pillion's own commands read settings: command line before environment before file before default. */
import { errorMessage, type PillionError, usageError } from '../errors.ts';
import { shorten } from '../exec/display.ts';
import { withoutLineEnd } from '../line-end.ts';
import { createSecrets, type Secrets } from '../log/secrets.ts';
import type { FlagSyntax } from './flag-syntax.ts';
import { nearest, visibleFlags } from './lookup.ts';
import type { Option, Options, Values } from './option.ts';
import type { OptionsFile } from './options-file.ts';
import { parsePflags } from './pflag-syntax.ts';
import {
  type Environment,
  type Given,
  type Problem,
  type Reading,
  readOptions,
  type VariableRules,
} from './read-options.ts';
import { createRedactor, type Redactor, showReason } from './redactor.ts';

export interface ResolveInput {
  readonly argv: readonly string[];
  readonly env: Environment;
  /** A configuration file with the flags' names as keys. */
  readonly file?: OptionsFile | undefined;
  /** Default: two dashes, as pflag has it. */
  readonly syntax?: FlagSyntax;
  /** Gets every secret as soon as it is read, so that nothing prints it from then on. */
  readonly secrets?: Secrets;
}

export type Source = 'flag' | 'env' | 'file' | 'default';

export interface Resolved<O extends Options> {
  readonly values: Values<O>;
  readonly sources: Readonly<Record<keyof O, Source>>;
  readonly positionals: readonly string[];
  /** Advice for each deprecated option in use. */
  readonly warnings: readonly string[];
}

/** The first variable that is set counts; an empty one is an unset one, because manifests template them that way. */
const FIRST_SET: VariableRules = {
  choose(declared, env) {
    const texts = (declared.env ?? []).map((name) => ({ name, text: withoutLineEnd(env[name] ?? '') }));
    return texts.find(({ text }) => text !== '');
  },
};

/**
 * Resolves a command's options.
 * @throws PillionError `usage` (exit code 2) that names the flag, variable or key, what was wrong and what is allowed
 */
export function resolveOptions<O extends Options>(options: O, input: ResolveInput): Resolved<O> {
  const { argv, env, file, syntax = parsePflags } = input;
  rejectUnknownKeys(file, options);
  const redactor = createRedactor(options, input.secrets ?? createSecrets());
  const reading = readOptions(options, {
    argv,
    env,
    syntax,
    variables: FIRST_SET,
    redactor,
    file: file && ((declared) => givenInFile(file, declared)),
  });
  if (reading.problem !== undefined) {
    throw problemError(reading.problem, options, redactor);
  }
  const sources = Object.keys(options).map((key) => [key, sourceOf(key, reading)] as const);
  return {
    values: reading.values as Values<O>,
    sources: Object.fromEntries(sources) as Record<keyof O, Source>,
    positionals: reading.positionals,
    warnings: deprecations(options, reading),
  };
}

function sourceOf(key: string, { uses, variables, fromFile }: Reading): Source {
  if (uses.some((use) => use.key === key)) {
    return 'flag';
  }
  if (variables.has(key)) {
    return 'env';
  }
  return fromFile.has(key) ? 'file' : 'default';
}

function deprecations(options: Options, { uses, variables, fromFile }: Reading): string[] {
  return Object.entries(options).flatMap(([key, { deprecated }]) => {
    const given = variables.get(key) ?? fromFile.get(key);
    const name = uses.find((use) => use.key === key)?.spelled ?? (given && placeOf(given));
    return deprecated === undefined || name === undefined ? [] : [`${name} is deprecated: ${deprecated}`];
  });
}

function givenInFile(file: OptionsFile, { flag, type }: Option<unknown>): Given | undefined {
  const value = file.values[flag];
  if (value === undefined || value === null) {
    return undefined;
  }
  const name = placeInFile(file, flag);
  if (Array.isArray(value) && type.append === undefined) {
    throw usageError(`${name}: must be one value, not a list`);
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = items.map((item) => {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
      return String(item);
    }
    throw usageError(`${name}: must be a string, number, boolean, or a list of them`);
  });
  return { kind: 'file', name, texts };
}

function placeInFile(file: OptionsFile, key: string): string {
  return file.where === undefined ? `"${key}" in the configuration file` : `"${key}" (${file.where(key)})`;
}

function rejectUnknownKeys(file: OptionsFile | undefined, options: Options): void {
  const known = new Set(Object.values(options).map((declared) => declared.flag));
  for (const key of file === undefined ? [] : Object.keys(file.values)) {
    if (!known.has(key)) {
      const place = file?.where === undefined ? ' in the configuration file' : ` (${file.where(key)})`;
      throw unknownName(`unknown key "${key}"${place}`, key, options);
    }
  }
}

function unknownName(message: string, name: string | undefined, options: Options): PillionError {
  const near = name === undefined ? undefined : nearest(name, visibleFlags(options));
  return usageError(
    message,
    near === undefined ? 'see --help for the flags there are' : `did you mean --${near}?`,
  );
}

const placeOf = ({ kind, name }: Given) => (kind === 'variable' ? `$${name}` : name);

/** The name of a type that help shows, and what it means. */
const expectation = ({ name, expected }: Option<unknown>['type']) =>
  expected === undefined ? name : `${name}, ${expected}`;

/** Characters of a value that a message repeats. */
const MAX_SHOWN = 300;

function problemError(problem: Problem, options: Options, redactor: Redactor): PillionError {
  if (problem.kind === 'bad syntax') {
    return unknownName(redactor.redact(problem.message), problem.unknown, options);
  }
  const { declared, given } = problem;
  if (problem.kind === 'not allowed') {
    return usageError(`invalid ${placeOf(given)}: ${redactor.redact(problem.why)}`);
  }
  const shown = redactor.showValue(declared, problem.text);
  const why = redactor.redact(showReason(declared, errorMessage(problem.error), problem.text, shown));
  return usageError(
    `invalid value ${shorten(JSON.stringify(shown), MAX_SHOWN)} for ${placeOf(given)}: ${shorten(why, MAX_SHOWN)}`,
    `expected: ${expectation(declared.type)}`,
  );
}
