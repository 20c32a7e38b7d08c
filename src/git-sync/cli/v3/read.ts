/** Reads v3's options. Variables that are empty or cannot be read count as not set. Messages are those of Go's flag. */
import { errorMessage } from '../../../core/errors.ts';
import { withoutLineEnd } from '../../../core/line-end.ts';
import { goQuote } from '../../../core/options/go-quote.ts';
import { parseGoFlags } from '../../../core/options/goflag-syntax.ts';
import { flagLookup, nearest, visibleFlags } from '../../../core/options/lookup.ts';
import type { Option, Options } from '../../../core/options/option.ts';
import {
  type BadValue,
  type Environment,
  type Reading,
  readOptions,
  type VariableRules,
} from '../../../core/options/read-options.ts';
import { type Redactor, showReason } from '../../../core/options/redactor.ts';
import { v4Options } from '../v4/options.ts';
import { GLOG_NAMES } from './glog.ts';
import { type V3Values, v3Options } from './options.ts';

export interface ReadV3 {
  readonly values: V3Values;
  readonly reading: Reading;
  readonly help: boolean;
  readonly error?: { readonly message: string; readonly hint?: string };
}

const options: Options = v3Options;
const v4Lookup = flagLookup(v4Options);

const NANOSECONDS = 1e6;

/** Go prints a duration as its nanoseconds and a float with six digits here. */
function printed(declared: Option<unknown>): string {
  const value = Number(declared.default);
  if (declared.type.name === 'duration') {
    return String(value * NANOSECONDS);
  }
  return declared.type.name === 'float' ? value.toFixed(6) : String(value);
}

function warning({ declared, given, text, error }: BadValue): string {
  const shown = goQuote(text);
  return `WARNING: invalid env value (${errorMessage(error)}): using default, key=${given.name}, val=${shown}, default=${printed(declared)}`;
}

function variablesOf(redactor: Redactor): VariableRules {
  return {
    choose(declared, env) {
      const name = declared.env?.[0];
      const text = name === undefined ? '' : withoutLineEnd(env[name] ?? '');
      return name === undefined || text === '' ? undefined : { name, text };
    },
    ignores(bad, note) {
      if (!bad.declared.type.boolean) {
        note(redactor.redact(warning(bad)));
      }
      return true;
    },
  };
}

/** Go's flag package hides why a number is wrong; other types tell it. */
function reason(declared: Option<unknown>, error: unknown): string {
  const message = errorMessage(error);
  if (GLOG_NAMES.has(declared.flag) || declared.flag === 'v') {
    return message;
  }
  return message.endsWith('value out of range') ? 'value out of range' : 'parse error';
}

function badFlag({ declared, text, error }: BadValue, redactor: Redactor): string {
  const visible = redactor.showArgument(text);
  const why = showReason(declared, reason(declared, error), text, visible);
  const shown = goQuote(visible);
  return declared.type.boolean
    ? `invalid boolean value ${shown} for -${declared.flag}: ${why}`
    : `invalid value ${shown} for flag -${declared.flag}: ${why}`;
}

function suggest(name: string): string | undefined {
  if (v4Lookup.long(name) !== undefined) {
    return `--${name} is a flag of git-sync v4; this command line is read as v3 because of a flag with a single dash, a logging flag, or PILLION_GIT_SYNC_DIALECT`;
  }
  const near = nearest(name, visibleFlags(options));
  return near === undefined ? undefined : `did you mean -${near}?`;
}

const BAD_SYNTAX = 'bad flag syntax: ';

function syntaxError(
  error: { readonly message: string; readonly unknown?: string },
  redactor: Redactor,
): { message: string; hint?: string } {
  const { message, unknown } = error;
  const shown = message.startsWith(BAD_SYNTAX)
    ? BAD_SYNTAX + redactor.showArgument(message.slice(BAD_SYNTAX.length))
    : redactor.redact(message);
  const hint = unknown === undefined ? undefined : suggest(unknown);
  return hint === undefined ? { message: shown } : { message: shown, hint };
}

/** Reads everything up to the first problem on the command line. */
export function readV3(argv: readonly string[], env: Environment, redactor: Redactor): ReadV3 {
  const variables = variablesOf(redactor);
  const reading = readOptions(options, { argv, env, syntax: parseGoFlags, variables, redactor });
  const { problem } = reading;
  const state = { values: reading.values as V3Values, reading, help: false };
  if (problem === undefined) {
    return state;
  }
  if (problem.kind === 'bad value') {
    return { ...state, error: { message: badFlag(problem, redactor) } };
  }
  if (problem.kind === 'not allowed') {
    return {
      ...state,
      error: { message: `invalid flag: ${problem.given.name}: ${redactor.redact(problem.why)}` },
    };
  }
  return problem.unknown === 'h' || problem.unknown === 'help'
    ? { ...state, help: true }
    : { ...state, error: syntaxError(problem, redactor) };
}
