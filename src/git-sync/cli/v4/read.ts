/** Reads v4's options: command line before environment before default. Messages are those of pflag and of git-sync. */
import { errorMessage } from '../../../core/errors.ts';
import { goQuote } from '../../../core/options/go-quote.ts';
import { nearest, visibleFlags } from '../../../core/options/lookup.ts';
import type { Option, Options } from '../../../core/options/option.ts';
import { parsePflags } from '../../../core/options/pflag-syntax.ts';
import {
  type BadValue,
  type Environment,
  type Problem,
  type Reading,
  readOptions,
} from '../../../core/options/read-options.ts';
import { type Redactor, showReason } from '../../../core/options/redactor.ts';
import { unknownVariables } from '../unknown-variables.ts';
import { type V4Values, v4Options } from './options.ts';
import { V4_VARIABLES } from './variables.ts';

export interface ReadV4 {
  readonly values: V4Values;
  readonly reading: Reading;
  /** Advice about deprecated variables and flags, for stderr. */
  readonly notes: readonly string[];
  /** A variable that cannot be read ends the process before anything else is looked at. */
  readonly fatal?: string;
  readonly error?: CommandLineError;
}

interface CommandLineError {
  readonly message: string;
  readonly hint?: string;
  /** For standard error only: what the original prints on standard output is matched by others. */
  readonly advice?: string;
}

const options: Options = v4Options;

export function readV4(argv: readonly string[], env: Environment, redactor: Redactor): ReadV4 {
  const reading = readOptions(options, {
    argv,
    env,
    syntax: parsePflags,
    variables: V4_VARIABLES,
    redactor,
  });
  const state = {
    values: reading.values as V4Values,
    reading,
    notes: [
      ...reading.notes,
      ...deprecatedFlags(reading),
      ...unknownVariables(env, options),
      ...ignoredArguments(reading),
    ],
  };
  const { problem } = reading;
  if (problem?.kind === 'bad value' && problem.given.kind === 'variable') {
    return { ...state, fatal: badVariable(problem, redactor) };
  }
  return problem === undefined ? state : { ...state, error: commandLineError(problem, redactor) };
}

/** Without their text: a misplaced one may be a secret. `--one-time false` sets it to true, as in the original. */
function ignoredArguments({ positionals: { length } }: Reading): string[] {
  return length === 0
    ? []
    : [
        `arguments that are no flags have no effect (here: ${length}); a value of true or false goes behind "="`,
      ];
}

function deprecatedFlags({ uses }: Reading): string[] {
  return uses.flatMap(({ key }) => {
    const declared = options[key];
    return declared?.deprecated === undefined
      ? []
      : [`Flag --${declared.flag} has been deprecated, ${declared.deprecated}`];
  });
}

/** Of a secret that cannot be read nobody knows which parts to leave out. */
function badVariable({ declared, given, text, error }: BadValue, redactor: Redactor): string {
  const value = declared.secret === undefined ? redactor.redact(text) : redactor.showValue(declared, text);
  const shown = `${given.name}=${goQuote(value)}`;
  return `FATAL: invalid ${declared.type.name} env ${shown}: ${redactor.redact(errorMessage(error))}`;
}

function commandLineError(problem: Problem, redactor: Redactor): CommandLineError {
  switch (problem.kind) {
    case 'bad syntax':
      return syntaxError(problem, redactor);
    case 'bad value':
      return { message: badFlag(problem, redactor), ...expectedAs(problem.declared) };
    default:
      return { message: `invalid flag: ${problem.given.name}: ${redactor.redact(problem.why)}` };
  }
}

function badFlag({ declared, text, error }: BadValue, redactor: Redactor): string {
  const isOpen = declared.secret === undefined;
  const shown = isOpen ? redactor.showArgument(text) : redactor.showValue(declared, text);
  const why = showReason(declared, errorMessage(error), text, shown);
  return `invalid argument ${goQuote(shown)} for "${flagName(declared)}" flag: ${why}`;
}

/** Go's messages say what a text is not; this says what it has to be. */
function expectedAs({ type }: Option<unknown>): { advice?: string } {
  return type.expected === undefined ? {} : { advice: `give ${type.expected}` };
}

function flagName(declared: Option<unknown>): string {
  return declared.short === undefined ? `--${declared.flag}` : `-${declared.short}, --${declared.flag}`;
}

function suggest(name: string): string | undefined {
  const near = nearest(name.replace(/^-+/, ''), visibleFlags(options));
  return near === undefined ? undefined : `did you mean --${near}?`;
}

/** pflag's messages quote the argument; a value of a secret or unknown option is cut out of them. */
function syntaxError(
  parsed: { readonly message: string; readonly unknown?: string },
  redactor: Redactor,
): { message: string; hint?: string } {
  const argument = / (-\S[^]*)$/.exec(parsed.message)?.[1];
  const shown = argument === undefined ? undefined : redactor.showArgument(argument);
  const message =
    argument === undefined || shown === undefined
      ? redactor.redact(parsed.message)
      : parsed.message.slice(0, -argument.length) + shown;
  const hint = parsed.unknown === undefined ? undefined : suggest(parsed.unknown);
  return hint === undefined ? { message } : { message, hint };
}
