import { describe, expect, it } from 'vitest';
import { isMap, type Json, listAt, memberAt } from '../../kubernetes/json.ts';
import { BUILT_IN_SOURCES } from '../built-in/profiles.ts';
import { WHOLE } from '../testing/matrix.ts';
import { IMAGE_BY_PARAMETER } from '../testing/settings.ts';
import { profileSchema } from './json-schema.ts';
import { readProfile } from './read-profile.ts';

const SCHEMA = profileSchema();
const TYPES: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isMap,
};
const SAY_NOTHING = ['$schema', '$defs', 'title', 'description'];

const textIn = (value: Json): string => (typeof value === 'string' ? value : '');

/** The keywords that the schema has, as an editor checks them; another one is an error, so that none is overlooked. */
function accepts(schema: Json, value: Json): boolean {
  if (typeof schema === 'boolean') {
    return schema;
  }
  const map = isMap(value) ? Object.entries(value) : [];
  const list = Array.isArray(value) ? (value as readonly Json[]) : [];
  const texts = (key: string) => [memberAt(schema, key) ?? []].flat() as string[];
  const properties = memberAt(schema, 'properties') ?? {};
  const checks: Readonly<Record<string, (given: Json) => boolean>> = {
    $ref: (given) => accepts(memberAt(SCHEMA, ...textIn(given).split('/').slice(1)) ?? false, value),
    type: () => texts('type').some((type) => TYPES[type]?.(value) === true),
    anyOf: () => listAt(schema, 'anyOf').some((each) => accepts(each, value)),
    oneOf: () => listAt(schema, 'oneOf').filter((each) => accepts(each, value)).length === 1,
    enum: () => listAt(schema, 'enum').includes(value),
    const: (given) => given === value,
    pattern: (given) => typeof value !== 'string' || new RegExp(textIn(given), 'u').test(value),
    maxLength: (given) => typeof value !== 'string' || value.length <= Number(given),
    minimum: (given) => typeof value !== 'number' || value >= Number(given),
    maximum: (given) => typeof value !== 'number' || value <= Number(given),
    minItems: (given) => !Array.isArray(value) || list.length >= Number(given),
    maxItems: (given) => list.length <= Number(given),
    items: (given) => list.every((each) => accepts(given, each)),
    required: () => !isMap(value) || texts('required').every((key) => Object.hasOwn(value, key)),
    properties: () =>
      map.every(([key, each]) => {
        const own = memberAt(properties, key);
        return own === undefined || accepts(own, each);
      }),
    additionalProperties: (given) =>
      map.every(([key, each]) => memberAt(properties, key) !== undefined || accepts(given, each)),
  };
  return Object.entries(schema as Record<string, Json>)
    .filter(([keyword]) => !SAY_NOTHING.includes(keyword))
    .every(([keyword, given]) => {
      const check = checks[keyword];
      if (check === undefined) {
        throw new Error(`the keyword ${keyword} is not known here`);
      }
      return check(given);
    });
}

const document = (spec: object) =>
  JSON.parse(
    JSON.stringify({
      apiVersion: 'pillion.dev/v1',
      kind: 'InjectionProfile',
      metadata: { name: 'own' },
      spec,
    }),
  ) as Json;

describe('the JSON Schema for editors', () => {
  it.each(BUILT_IN_SOURCES.map((source) => [source.metadata.name, source] as const))(
    'takes the profile %s, which anybody may start from',
    (_, source) => {
      expect(accepts(SCHEMA, JSON.parse(JSON.stringify(source)) as Json)).toBe(true);
    },
  );

  it.each([
    ['nothing', {}],
    ['a part of every sort', WHOLE],
    ['conditions and volumes of images', IMAGE_BY_PARAMETER],
    [
      'a condition around a text',
      { parameters: { on: { type: 'boolean' } }, labels: { a: { $when: 'on', $value: 'b' } } },
    ],
  ])('takes what the reader takes: %s', (_, spec) => {
    expect(readProfile(document(spec), 'test')).toHaveProperty('profile');
    expect(accepts(SCHEMA, document(spec))).toBe(true);
  });

  const own = (container: object) => ({ container: { name: 'own-${instance}', image: 'i:1', ...container } });
  it.each([
    ['a misspelt field', { contianer: {} }],
    ['a misspelt field of a container', own({ imagePullPolcy: 'Always' })],
    ['a field that no profile may set', own({ restartPolicy: 'Always' })],
    ['a list that is none', own({ args: 'all' })],
    ['a port that is no number', own({ ports: [{ containerPort: true }] })],
    ['a parameter of no type', { parameters: { a: {} } }],
    ['a parameter of another type', { parameters: { a: { type: 'text' } } }],
    ['a duration without a bound', { parameters: { a: { type: 'duration' } } }],
    ['a choice of nothing', { parameters: { a: { type: 'choice', choices: [] } } }],
    ['another role', { role: 'main' }],
    ['a label that is no text', { labels: { a: 1 } }],
    ['a text that is a list', { env: [{ name: 'A', value: ['b'] }] }],
  ])('refuses what the reader refuses: %s', (_, spec) => {
    expect(readProfile(document(spec), 'test')).toHaveProperty('problems');
    expect(accepts(SCHEMA, document(spec))).toBe(false);
  });
});
