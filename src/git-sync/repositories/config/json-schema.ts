/** A JSON Schema (2020-12) of the file of --config, made of the tables that read it, so that editors know it too. */
import type { Option, Options, ValueType } from '../../../core/options/option.ts';
import { IDENTITIES } from '../../../git/settings.ts';
import { credentials } from '../../options/credential-json.ts';
import { CREDENTIAL_SCHEMA, DURATION, type Schema, WEBHOOK_SCHEMA } from '../../options/object-schemas.ts';
import { webhooks } from '../../options/webhook-json.ts';
import {
  CREDENTIAL_SCOPES,
  FOREIGN_FILE_MODES,
  GC_MODES,
  PUBLISH_MODES,
  REUSE_MODES,
  SUBMODULE_MODES,
  VERIFY_MODES,
} from '../../options/words.ts';
import { ENTRY_OPTIONS, NAME_PATTERN, REPOSITORIES, TOP_OPTIONS } from './tables.ts';

/** What YAML takes for a number is text here, and so is `true`. */
const ANY_TEXT: Schema = { type: ['string', 'number', 'boolean'] };

/** By name. */
const TYPES: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int: { type: 'integer' },
  float: { type: 'number' },
  // The one number without a unit is 0.
  duration: { type: ['string', 'number'], pattern: DURATION, minimum: 0, maximum: 0 },
  command: ANY_TEXT,
  argument: ANY_TEXT,
};

/** By the name that the schema has for them. */
const OBJECTS = { credential: CREDENTIAL_SCHEMA, webhook: WEBHOOK_SCHEMA };
/** Both types are called JSON. */
const OBJECT_TYPES: ReadonlyMap<ValueType<unknown>, keyof typeof OBJECTS> = new Map<
  ValueType<unknown>,
  keyof typeof OBJECTS
>([
  [credentials, 'credential'],
  [webhooks, 'webhook'],
]);
/** The same as on a command line: only what it begins with can be told. */
const AS_TEXT: Schema = { type: 'string', pattern: String.raw`^\s*([{\[]|$)` };

/** Words that a check allows, which the type does not tell. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  submodules: SUBMODULE_MODES,
  'git-gc': GC_MODES,
  'credential-scope': CREDENTIAL_SCOPES,
  // Empty in an entry it undoes what is at the top.
  'credential-identity': [...IDENTITIES, ''],
  verify: VERIFY_MODES,
  publish: PUBLISH_MODES,
  'publish-foreign-files': FOREIGN_FILE_MODES,
  'reuse-worktrees': REUSE_MODES,
};

function valueSchema({ flag, type }: Option<unknown>): Schema {
  const name = OBJECT_TYPES.get(type);
  if (name !== undefined) {
    const object = { $ref: `#/$defs/${name}` };
    return { anyOf: [object, AS_TEXT, { type: 'array', items: object }] };
  }
  const one = WORDS[flag] === undefined ? TYPES[type.name] : { enum: WORDS[flag] };
  if (one === undefined) {
    throw new Error(`the schema does not know what a ${type.name} is`);
  }
  return type.repeats ? { anyOf: [one, { type: 'array', items: one }] } : one;
}

const schemaOf = (row: Option<unknown>): Schema => ({ description: row.help, ...valueSchema(row) });

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
    $defs: OBJECTS,
  };
}

/** The schema, as it is printed. */
export const configSchemaText = (): string => `${JSON.stringify(configSchema(), null, 2)}\n`;
