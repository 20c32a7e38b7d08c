/** Puts the values of v3's options together. Variables that are empty or cannot be read count as not set. */
import { errorMessage } from '../../../core/errors.ts';
import { withoutLineEnd } from '../../../core/line-end.ts';
import type { FlagUse } from '../../../core/options/flag-syntax.ts';
import { goQuote } from '../../../core/options/go-quote.ts';
import { parseGoFlags } from '../../../core/options/goflag-syntax.ts';
import { flagLookup, nearest, visibleFlags } from '../../../core/options/lookup.ts';
import type { Option, Options } from '../../../core/options/option.ts';
import { type Redactor, showReason, spelledText } from '../../../core/options/redactor.ts';
import { v4Options } from '../v4/options.ts';
import { GLOG_NAMES } from './glog.ts';
import { type V3Values, v3Options } from './options.ts';

export interface ResolvedV3 {
  readonly values: V3Values;
  readonly uses: readonly FlagUse[];
  /** Variables in effect: name and text, by option. */
  readonly fromEnv: ReadonlyMap<string, { readonly name: string; readonly text: string }>;
  /** Warnings about variables, for stderr. */
  readonly notes: readonly string[];
  readonly help: boolean;
  readonly error?: { readonly message: string; readonly hint?: string };
}

type Environment = Readonly<Record<string, string | undefined>>;

const options: Options = v3Options;
const lookup = flagLookup(options);
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

function warning(declared: Option<unknown>, name: string, text: string, error: unknown): string {
  const shown = goQuote(text);
  return `WARNING: invalid env value (${errorMessage(error)}): using default, key=${name}, val=${shown}, default=${printed(declared)}`;
}

function readEnv(env: Environment, redactor: Redactor) {
  const values: Record<string, unknown> = {};
  const fromEnv = new Map<string, { name: string; text: string }>();
  const notes: string[] = [];
  for (const [key, declared] of Object.entries(options)) {
    values[key] = declared.default;
    const name = declared.env?.[0];
    const text = name === undefined ? '' : withoutLineEnd(env[name] ?? '');
    if (name === undefined || text === '') {
      continue;
    }
    redactor.register(declared, text);
    try {
      values[key] = declared.type.parse(text);
      fromEnv.set(key, { name, text });
    } catch (error) {
      if (!declared.type.boolean) {
        notes.push(redactor.redact(warning(declared, name, text, error)));
      }
    }
  }
  return { values, fromEnv, notes };
}

/** Go's flag package hides why a number is wrong; other types tell it. */
function reason(declared: Option<unknown>, error: unknown): string {
  const message = errorMessage(error);
  if (GLOG_NAMES.has(declared.flag) || declared.flag === 'v') {
    return message;
  }
  return message.endsWith('value out of range') ? 'value out of range' : 'parse error';
}

function badValue(declared: Option<unknown>, text: string, error: unknown, redactor: Redactor): string {
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

/** Resolves everything up to the first error on the command line. */
export function resolveV3(argv: readonly string[], env: Environment, redactor: Redactor): ResolvedV3 {
  const { values, fromEnv, notes } = readEnv(env, redactor);
  const parsed = parseGoFlags(argv, lookup);
  const state = { values: values as V3Values, uses: parsed.uses, fromEnv, notes, help: false };
  for (const use of parsed.uses) {
    const declared = options[use.key];
    if (declared) {
      redactor.register(declared, use.value);
    }
  }
  for (const use of parsed.uses) {
    const declared = options[use.key];
    if (declared === undefined) {
      continue;
    }
    try {
      values[use.key] = declared.type.parse(spelledText(declared, use.value));
    } catch (error) {
      return { ...state, error: { message: badValue(declared, use.value, error, redactor) } };
    }
  }
  if (parsed.error === undefined) {
    return state;
  }
  const { unknown } = parsed.error;
  return unknown === 'h' || unknown === 'help'
    ? { ...state, help: true }
    : { ...state, error: syntaxError(parsed.error, redactor) };
}
