/** A JSON Schema (2020-12) of the file of --config, made of the tables that read it, so that editors know it too. */
import type { Option, Options } from '../../../core/options/option.ts';
import { CREDENTIAL_FIELDS } from '../../options/credential-json.ts';
import { CREDENTIAL_SCOPES, GC_MODES, SUBMODULE_MODES, VERIFY_MODES } from '../../options/words.ts';
import { ENTRY_OPTIONS, NAME_PATTERN, REPOSITORIES, TOP_OPTIONS } from './tables.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Go's durations, as far as a pattern can tell them. */
const DURATION = String.raw`^[+-]?(0|([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`;

const CREDENTIAL: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'username'],
  properties: Object.fromEntries(CREDENTIAL_FIELDS.map((field) => [field, { type: 'string' }])),
};

const TYPES: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int: { type: 'integer' },
  float: { type: 'number' },
  duration: { type: 'string', pattern: DURATION },
  JSON: CREDENTIAL,
};

/** Words that a check allows, which the type does not tell. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  submodules: SUBMODULE_MODES,
  'git-gc': GC_MODES,
  'credential-scope': CREDENTIAL_SCOPES,
  verify: VERIFY_MODES,
};

function schemaOf({ flag, type, help }: Option<unknown>): Schema {
  const one = WORDS[flag] === undefined ? (TYPES[type.name] ?? {}) : { enum: WORDS[flag] };
  const schema = type.repeats ? { anyOf: [one, { type: 'array', items: one }] } : one;
  return { description: help, ...schema };
}

function properties(options: Options): Schema {
  const rows = Object.values(options).toSorted((a, b) => (a.flag < b.flag ? -1 : 1));
  return Object.fromEntries(rows.map((row) => [row.flag, schemaOf(row)]));
}

/** The schema, as data. */
export function configSchema(): Schema {
  const { name, ...entry } = properties(ENTRY_OPTIONS);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Repositories of pillion git-sync --config',
    type: 'object',
    additionalProperties: false,
    required: [REPOSITORIES],
    properties: {
      ...properties(TOP_OPTIONS),
      [REPOSITORIES]: {
        description: 'the repositories, each with options of its own',
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          additionalProperties: false,
          properties: { name: { ...(name as Schema), pattern: NAME_PATTERN }, ...entry },
        },
      },
    },
  };
}

/** The schema, as it is printed. */
export const configSchemaText = (): string => `${JSON.stringify(configSchema(), null, 2)}\n`;
