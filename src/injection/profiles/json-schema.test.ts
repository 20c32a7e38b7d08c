import { describe, expect, it } from 'vitest';
import { createAccepts } from '../../../test/support/json-schema.ts';
import type { Json } from '../../kubernetes/json.ts';
import { BUILT_IN_SOURCES } from '../built-in/profiles.ts';
import { WHOLE } from '../testing/matrix.ts';
import { IMAGE_BY_PARAMETER } from '../testing/settings.ts';
import { profileSchema } from './json-schema.ts';
import { readProfile } from './read-profile.ts';

const SCHEMA = profileSchema();
const accepts = createAccepts(SCHEMA);

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
      expect(accepts(JSON.parse(JSON.stringify(source)) as Json)).toBe(true);
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
    expect(accepts(document(spec))).toBe(true);
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
    expect(accepts(document(spec))).toBe(false);
  });
});
