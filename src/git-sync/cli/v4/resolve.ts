/** Puts the values of v4's options together: command line before environment before default. */
import { errorMessage } from '../../../core/errors.ts';
import type { FlagUse } from '../../../core/options/flag-syntax.ts';
import { goQuote } from '../../../core/options/go-quote.ts';
import { flagLookup, nearest, visibleFlags } from '../../../core/options/lookup.ts';
import type { Option, Options } from '../../../core/options/option.ts';
import { parsePflags } from '../../../core/options/pflag-syntax.ts';
import { type Redactor, showReason, spelledText } from '../../../core/options/redactor.ts';
import type { EnvReading } from './env.ts';
import { type V4Values, v4Options } from './options.ts';

export interface Resolved {
  readonly values: V4Values;
  /** Keys that were given on the command line or in the environment. */
  readonly given: ReadonlySet<string>;
  readonly uses: readonly FlagUse[];
  /** Advice about deprecated flags, for stderr. */
  readonly notes: readonly string[];
  readonly error?: { readonly message: string; readonly hint?: string };
}

const options: Options = v4Options;
const lookup = flagLookup(options);

function flagName(declared: Option<unknown>): string {
  return declared.short === undefined ? `--${declared.flag}` : `-${declared.short}, --${declared.flag}`;
}

function badValue(declared: Option<unknown>, text: string, error: unknown, redactor: Redactor): string {
  const shown =
    declared.secret === undefined ? redactor.showArgument(text) : redactor.showValue(declared, text);
  const why = showReason(declared, errorMessage(error), text, shown);
  return `invalid argument ${goQuote(shown)} for "${flagName(declared)}" flag: ${why}`;
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

/** The value of a flag after one more use of it. */
function join(declared: Option<unknown>, earlier: unknown, isFirst: boolean, text: string): unknown {
  const value = declared.type.parse(text);
  // Credentials add to those of the environment; of other lists the first flag replaces default and environment.
  const adds = declared.type.append && (!isFirst || declared.type.accumulates);
  return adds ? declared.type.append?.(earlier, value) : value;
}

/** Resolves everything up to the first error on the command line. */
export function resolveV4(argv: readonly string[], env: EnvReading, redactor: Redactor): Resolved {
  const values: Record<string, unknown> = {};
  for (const [key, declared] of Object.entries(options)) {
    const fromEnv = env.values.get(key);
    values[key] = fromEnv === undefined ? declared.default : fromEnv.value;
  }
  const parsed = parsePflags(argv, lookup);
  for (const use of parsed.uses) {
    const declared = options[use.key];
    if (declared) {
      redactor.register(declared, use.value);
    }
  }
  const given = new Set<string>();
  const notes: string[] = [];
  const state = { values: values as V4Values, given, uses: parsed.uses, notes };
  for (const use of parsed.uses) {
    const declared = options[use.key];
    if (declared === undefined) {
      continue;
    }
    try {
      const text = spelledText(declared, use.value);
      values[use.key] = join(declared, values[use.key], !given.has(use.key), text);
    } catch (error) {
      return { ...state, error: { message: badValue(declared, use.value, error, redactor) } };
    }
    given.add(use.key);
    if (declared.deprecated !== undefined) {
      notes.push(`Flag --${declared.flag} has been deprecated, ${declared.deprecated}`);
    }
  }
  for (const key of env.values.keys()) {
    given.add(key);
  }
  return parsed.error ? { ...state, error: syntaxError(parsed.error, redactor) } : state;
}
