/** A JSON Schema (2020-12) of profiles, made of the same pod schema that checks them, so that editors know it too. */
import type { Json, JsonMap } from '../../kubernetes/json.ts';
import { type Fields, type FieldType, OBJECTS } from '../../kubernetes/pod-schema.ts';
import { API_VERSION, KIND } from './source.ts';

const TEMPLATE_TEXT = { type: 'string' };
const CONDITION: JsonMap = {
  description:
    'A parameter that is set, !parameter, parameter=value, parameter!=value; a list means all of them.',
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
};

function typeSchema(type: FieldType): JsonMap {
  if (typeof type !== 'string') {
    if ('list' in type) {
      return { type: 'array', items: conditional(typeSchema(type.list)) };
    }
    return 'map' in type
      ? { type: 'object', additionalProperties: conditional(typeSchema(type.map)) }
      : { $ref: `#/$defs/${type.object}` };
  }
  const types: Readonly<Record<string, readonly string[]>> = {
    string: ['string'],
    int: ['integer', 'string'],
    bool: ['boolean', 'string'],
    quantity: ['string', 'number'],
    'int-or-string': ['integer', 'string'],
  };
  return { type: [...(types[type] ?? [])] };
}

/** The value itself, or one with a condition around it. */
function conditional(schema: JsonMap): JsonMap {
  const wrapped = {
    type: 'object',
    required: ['$when', '$value'],
    additionalProperties: false,
    properties: { $when: CONDITION, $value: schema },
  };
  return { anyOf: [schema, wrapped] };
}

function objectSchema(fields: Fields): JsonMap {
  const properties = Object.entries(fields)
    .filter(([, field]) => field.refused === undefined)
    .map(([key, field]) => {
      const since = field.since === undefined ? {} : { description: `Kubernetes 1.${field.since} or newer` };
      return [key, { ...conditional(typeSchema(field.type)), ...since }] as const;
    });
  return {
    type: 'object',
    additionalProperties: false,
    properties: { $when: CONDITION, ...Object.fromEntries(properties) },
  };
}

const PARAMETER_FIELDS: Readonly<Record<string, JsonMap>> = {
  string: { pattern: { type: 'string' }, maxLength: { type: 'integer', minimum: 1, maximum: 4096 } },
  name: { label: { type: 'boolean' } },
  path: {},
  url: {
    schemes: { type: 'array', items: { enum: ['https', 'http', 'ssh', 'git', 's3'] }, minItems: 1 },
    scp: { type: 'boolean' },
  },
  duration: { min: TEMPLATE_TEXT, max: TEMPLATE_TEXT },
  quantity: { min: { type: ['string', 'number'] }, max: { type: ['string', 'number'] } },
  integer: { min: { type: 'integer' }, max: { type: 'integer' } },
  port: {},
  boolean: {},
  choice: { choices: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 32 } },
};
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  duration: ['max'],
  quantity: ['max'],
  integer: ['max'],
  choice: ['choices'],
};

function parameterSchema(): JsonMap {
  return {
    oneOf: Object.entries(PARAMETER_FIELDS).map(([type, fields]) => ({
      type: 'object',
      additionalProperties: false,
      required: ['type', ...(NEEDED[type] ?? [])],
      properties: {
        type: { const: type },
        description: { type: 'string' },
        required: { type: 'boolean' },
        default: { type: ['string', 'number', 'boolean'] },
        ...fields,
      },
    })),
  };
}

/** The schema of one profile. */
export function profileSchema(): JsonMap {
  const list = (object: string): JsonMap => ({
    type: 'array',
    maxItems: 32,
    items: { $ref: `#/$defs/${object}` },
  });
  const texts = { type: 'object', additionalProperties: conditional({ type: 'string' }) };
  const args = typeSchema({ list: 'string' });
  const defs = Object.entries(OBJECTS).map(([name, fields]) => [name, objectSchema(fields)] as const);
  const spec: Record<string, Json> = {
    description: { type: 'string', maxLength: 400 },
    parameters: { type: 'object', additionalProperties: parameterSchema() },
    role: { enum: ['sidecar', 'init'] },
    phase: { enum: ['first', 'before', 'after'] },
    container: { $ref: '#/$defs/Container' },
    once: { type: 'object', additionalProperties: false, properties: { command: args, args } },
    volumes: list('Volume'),
    mounts: list('VolumeMount'),
    env: list('EnvVar'),
    into: { enum: ['containers', 'all'] },
    labels: texts,
    annotations: texts,
    apiToken: { type: 'boolean' },
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Pillion injection profile',
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { const: API_VERSION },
      kind: { const: KIND },
      metadata: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', pattern: '^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$' } },
      },
      spec: { type: 'object', additionalProperties: false, properties: spec },
    },
    $defs: Object.fromEntries(defs),
  };
}
