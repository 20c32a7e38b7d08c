/** What editors are told of the values that are objects: a JSON Schema of `credential` and of `webhook`. */
import { IDENTITIES } from '../../git/settings.ts';
import type { CREDENTIAL_FIELDS } from './credential-json.ts';
import { BODIES, HEADER_NAME, HEADER_VALUE, MOST_HEADERS, type WEBHOOK_FIELDS } from './webhook-json.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** Go's durations, as far as a pattern can tell them. */
export const DURATION = String.raw`^[+-]?(0|([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`;

const TEXT: Schema = { type: 'string' };
const SPAN: Schema = { type: 'string', pattern: DURATION };
const NOT_EMPTY: Schema = { type: 'string', minLength: 1 };

const credential: Readonly<Record<(typeof CREDENTIAL_FIELDS)[number], Schema>> = {
  url: NOT_EMPTY,
  username: TEXT,
  password: TEXT,
  'password-file': TEXT,
  command: {
    anyOf: [NOT_EMPTY, { type: 'array', minItems: 1, prefixItems: [NOT_EMPTY], items: TEXT }],
  },
  identity: { enum: IDENTITIES },
};

const webhook: Readonly<Record<(typeof WEBHOOK_FIELDS)[number], Schema>> = {
  name: TEXT,
  url: { type: 'string', pattern: '^[Hh][Tt][Tt][Pp][Ss]?:' },
  method: { type: 'string', pattern: '^[A-Za-z]{1,20}$' },
  headers: {
    type: 'object',
    maxProperties: MOST_HEADERS,
    propertyNames: { pattern: HEADER_NAME.source },
    additionalProperties: { type: 'string', pattern: HEADER_VALUE.source },
  },
  'success-status': { type: 'integer', anyOf: [{ const: 0 }, { minimum: 100, maximum: 599 }] },
  timeout: SPAN,
  backoff: SPAN,
  body: { enum: BODIES },
  username: TEXT,
  'password-file': TEXT,
  'bearer-file': TEXT,
  'secret-file': TEXT,
  'signature-header': { type: 'string', pattern: HEADER_NAME.source },
};

const closed = (properties: Schema): Schema => ({
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties,
});

export const CREDENTIAL_SCHEMA = closed(credential);
export const WEBHOOK_SCHEMA: Schema = {
  ...closed(webhook),
  dependentRequired: { username: ['password-file'], 'password-file': ['username'] },
};
