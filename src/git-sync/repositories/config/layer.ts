/** One mapping of the file, read by a table of options. */
import { usageError } from '../../../core/errors.ts';
import type { Secrets } from '../../../core/log/secrets.ts';
import { nearest, visibleFlags } from '../../../core/options/lookup.ts';
import type { Options } from '../../../core/options/option.ts';
import type { OptionsFile, ParsedOptionsFile } from '../../../core/options/options-file.ts';
import { resolveOptions } from '../../../core/options/resolve.ts';

export interface Layer {
  /** By key of the table. */
  readonly values: Readonly<Record<string, unknown>>;
  /** What was given, by key of the table. */
  readonly keys: ReadonlySet<string>;
  /** `file:line:column` of the mapping. */
  readonly start: string;
  /** Of an option, by its key in the table. */
  where(key: string): string;
  hasFlag(flag: string): boolean;
  whereFlag(flag: string): string;
}

export interface LayerTables {
  readonly allowed: Options;
  /** What would be allowed at the top of the file. */
  readonly elsewhere?: Options;
}

/** Characters of a key that a message repeats. */
const LONGEST_KEY = 100;

function rejectUnknown({ values, where }: ParsedOptionsFile, { allowed, elsewhere = {} }: LayerTables): void {
  const known = visibleFlags(allowed);
  for (const key of Object.keys(values)) {
    if (known.includes(key)) {
      continue;
    }
    const shown = JSON.stringify(key.slice(0, LONGEST_KEY));
    if (visibleFlags(elsewhere).includes(key)) {
      throw usageError(`${where(key)}: ${shown} is for the whole process`, 'put it at the top of the file');
    }
    const near = nearest(key, known);
    const hint = near === undefined ? `known: ${known.toSorted().join(', ')}` : `did you mean "${near}"?`;
    throw usageError(`${where(key)}: unknown key ${shown}`, hint);
  }
}

/**
 * Values as a command line would spell them. Text that YAML takes for a number is another text then (1.10 is 1.1), so it has
 * to be quoted; credentials may be written as mappings.
 */
function spelled(file: ParsedOptionsFile, options: Options): OptionsFile['values'] {
  const rows = new Map(Object.values(options).map((row) => [row.flag, row.type.name]));
  const one = (key: string, value: unknown): unknown => {
    if (rows.get(key) === 'JSON' && typeof value === 'object') {
      return JSON.stringify(value);
    }
    if (rows.get(key) === 'string' && typeof value !== 'string') {
      throw usageError(`${file.where(key)}: "${key}" must be text`, `put it in quotes, as in ${key}: "1.10"`);
    }
    return value;
  };
  const given = Object.entries(file.values).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([key, value]) => [
      key,
      Array.isArray(value) && rows.get(key) !== 'JSON'
        ? value.map((each) => one(key, each))
        : one(key, value),
    ]),
  );
}

/** @throws PillionError `usage` with file, line and column, what is wrong and what is allowed */
export function readLayer(file: ParsedOptionsFile, tables: LayerTables, secrets: Secrets): Layer {
  const { allowed } = tables;
  rejectUnknown(file, tables);
  const where = (key: string) => file.where(key);
  const content: OptionsFile = { values: spelled(file, allowed), where };
  const { values, sources } = resolveOptions(allowed, { argv: [], env: {}, file: content, secrets });
  const keys = new Set(Object.keys(allowed).filter((key) => sources[key] === 'file'));
  return {
    values,
    keys,
    start: file.whereIs([]),
    where: (key) => where(allowed[key]?.flag ?? key),
    hasFlag: (flag) => content.values[flag] !== undefined,
    whereFlag: where,
  };
}
