/** How settings are read: command line before environment before file before default. */
import { errorMessage, type PillionError, usageError } from '../errors.ts';
import { withoutLineEnd } from '../line-end.ts';
import { createSecrets, type Secrets } from '../log/secrets.ts';
import type { FlagSyntax } from './flag-syntax.ts';
import { flagLookup, nearest, visibleFlags } from './lookup.ts';
import type { Option, Options, Values } from './option.ts';
import { parsePflags } from './pflag-syntax.ts';
import { createRedactor, type Redactor, showReason, spelledText } from './redactor.ts';

export interface ResolveInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Parsed YAML with the flags' names as keys. */
  readonly file?: Readonly<Record<string, unknown>>;
  readonly syntax?: FlagSyntax;
  /** Gets every secret as soon as it is read, so that nothing prints it from then on. */
  readonly secrets?: Secrets;
}

export type Source = 'flag' | 'env' | 'file' | 'default';

export interface Resolved<O extends Options> {
  readonly values: Values<O>;
  readonly sources: Readonly<Record<keyof O, Source>>;
  readonly positionals: readonly string[];
  /** Advice for each deprecated flag in use. */
  readonly warnings: readonly string[];
}

function readValue(declared: Option<unknown>, text: string, where: string, redactor: Redactor): unknown {
  try {
    return declared.type.parse(text);
  } catch (error) {
    const shown = redactor.showValue(declared, text);
    const why = redactor.redact(showReason(declared, errorMessage(error), text, shown));
    throw usageError(
      `invalid value ${JSON.stringify(shown)} for ${where}: ${why}`,
      `expected: ${declared.type.name}`,
    );
  }
}

function unknownFlag(message: string, name: string | undefined, options: Options): PillionError {
  const near = name === undefined ? undefined : nearest(name, visibleFlags(options));
  return usageError(
    message,
    near === undefined ? 'see --help for the flags there are' : `did you mean --${near}?`,
  );
}

function fileText(value: unknown, where: string): string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
      return String(item);
    }
    throw usageError(`${where}: must be a string, number, boolean, or a list of them`);
  });
}

function fromTexts(declared: Option<unknown>, { texts, where }: Spelled, redactor: Redactor): unknown {
  let value: unknown;
  for (const [index, text] of texts.entries()) {
    const next = readValue(declared, text, where, redactor);
    value = index > 0 && declared.type.append ? declared.type.append(value, next) : next;
  }
  return value;
}

interface Spelled {
  readonly texts: readonly string[];
  readonly where: string;
  readonly source: Source;
}

function spelledValue(
  key: string,
  declared: Option<unknown>,
  input: ResolveInput,
  flags: Map<string, Spelled>,
): Spelled | undefined {
  const flag = flags.get(key);
  if (flag) {
    return flag;
  }
  for (const name of declared.env ?? []) {
    const text = withoutLineEnd(input.env[name] ?? '');
    // An empty variable is an unset one: manifests template them that way.
    if (text !== '') {
      return { texts: [text], where: `$${name}`, source: 'env' };
    }
  }
  const entry = input.file?.[declared.flag];
  if (entry !== undefined && entry !== null) {
    const where = `"${declared.flag}" in the configuration file`;
    return { texts: fileText(entry, where), where, source: 'file' };
  }
  return undefined;
}

function flagTexts(
  input: ResolveInput,
  options: Options,
): { flags: Map<string, Spelled>; positionals: readonly string[] } {
  const parsed = (input.syntax ?? parsePflags)(input.argv, flagLookup(options));
  if (parsed.error) {
    throw unknownFlag(parsed.error.message, parsed.error.unknown, options);
  }
  const flags = new Map<string, Spelled>();
  for (const use of parsed.uses) {
    const earlier = flags.get(use.key);
    const declared = options[use.key];
    const text = declared === undefined ? use.value : spelledText(declared, use.value);
    const texts = declared?.type.repeats && earlier ? [...earlier.texts, text] : [text];
    flags.set(use.key, { texts, where: use.spelled, source: 'flag' });
  }
  return { flags, positionals: parsed.positionals };
}

function rejectUnknownKeys(file: Readonly<Record<string, unknown>> | undefined, options: Options): void {
  const known = new Set(Object.values(options).map((declared) => declared.flag));
  for (const key of Object.keys(file ?? {})) {
    if (!known.has(key)) {
      throw unknownFlag(`unknown key "${key}" in the configuration file`, key, options);
    }
  }
}

/**
 * Resolves a command's options.
 * @throws PillionError `usage` (exit code 2) that names the flag, variable or key, what was wrong and what is allowed.
 */
export function resolveOptions<O extends Options>(options: O, input: ResolveInput): Resolved<O> {
  rejectUnknownKeys(input.file, options);
  const redactor = createRedactor(options, input.secrets ?? createSecrets());
  const { flags, positionals } = flagTexts(input, options);
  const values: Record<string, unknown> = {};
  const sources: Record<string, Source> = {};
  const warnings: string[] = [];
  for (const [key, declared] of Object.entries(options)) {
    const spelled = spelledValue(key, declared, input, flags);
    sources[key] = spelled?.source ?? 'default';
    spelled?.texts.forEach((text) => redactor.register(declared, text));
    values[key] = spelled ? fromTexts(declared, spelled, redactor) : declared.default;
    if (spelled === undefined) {
      continue;
    }
    if (declared.deprecated !== undefined) {
      warnings.push(`${spelled.where} is deprecated: ${declared.deprecated}`);
    }
    const wrong = declared.check?.(values[key]);
    if (wrong !== undefined) {
      throw usageError(`invalid ${spelled.where}: ${wrong}`);
    }
  }
  return {
    values: values as Values<O>,
    sources: sources as Record<keyof O, Source>,
    positionals,
    warnings,
  };
}
