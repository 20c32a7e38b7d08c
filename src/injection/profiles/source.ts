/** The outer shape of a profile's YAML; what is inside containers and volumes is checked against the pod schema. */

import { RE2JS } from 're2js';
import * as v from 'valibot';
import { isMap } from '../../kubernetes/json.ts';
import { parseDuration } from '../parameters/duration.ts';
import type { ParameterDeclaration } from '../parameters/parameter.ts';
import { parseQuantity } from '../parameters/quantity.ts';

export const API_VERSION = 'pillion.dev/v1';
export const KIND = 'InjectionProfile';

const NAME = v.pipe(
  v.string(),
  v.regex(/^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'must be lower-case letters, digits and dashes, at most 32'),
);

const common = {
  description: v.optional(v.pipe(v.string(), v.maxLength(400)), ''),
  required: v.optional(v.boolean(), false),
  default: v.optional(
    v.pipe(
      v.union([v.string(), v.number(), v.boolean()], 'must be a text, a number or a boolean'),
      v.transform(String),
    ),
  ),
};

const duration = v.pipe(
  v.string(),
  v.check((text) => parseDuration(text) !== undefined, 'must be a duration such as 30s'),
);
const quantity = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform(String),
  v.check((text) => parseQuantity(text) !== undefined, 'must be a quantity such as 128Mi'),
);
const whole = v.pipe(v.number(), v.integer(), v.minValue(-999_999_999), v.maxValue(999_999_999));

/** A pattern that the linear machine takes, and that is whole by itself. */
function isPattern(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
}

const PARAMETER = v.variant('type', [
  v.strictObject({
    type: v.literal('string'),
    pattern: v.optional(
      v.pipe(v.string(), v.maxLength(500), v.check(isPattern, 'is no regular expression (RE2)')),
    ),
    maxLength: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096)), 256),
    ...common,
  }),
  v.strictObject({ type: v.literal('name'), label: v.optional(v.boolean(), false), ...common }),
  v.strictObject({ type: v.literal('path'), ...common }),
  v.strictObject({
    type: v.literal('url'),
    schemes: v.optional(v.pipe(v.array(v.picklist(['https', 'http', 'ssh', 'git', 's3'])), v.minLength(1)), [
      'https',
    ]),
    scp: v.optional(v.boolean(), false),
    ...common,
  }),
  v.strictObject({ type: v.literal('duration'), min: v.optional(duration, '0s'), max: duration, ...common }),
  v.strictObject({ type: v.literal('quantity'), min: v.optional(quantity, '0'), max: quantity, ...common }),
  v.strictObject({ type: v.literal('integer'), min: v.optional(whole, 0), max: whole, ...common }),
  v.strictObject({ type: v.literal('port'), ...common }),
  v.strictObject({ type: v.literal('boolean'), ...common }),
  v.strictObject({
    type: v.literal('choice'),
    choices: v.pipe(
      v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,63}$/, 'must be one word'))),
      v.minLength(1),
      v.maxLength(32),
    ),
    ...common,
  }),
]) satisfies v.GenericSchema<unknown, ParameterDeclaration>;

const template = v.unknown();
const list = v.optional(v.pipe(v.array(template), v.maxLength(32)), []);
/** The library takes a list for an object with the keys 0, 1, 2. */
const mapOf = <const S extends v.GenericSchema>(schema: S) =>
  v.pipe(v.custom<v.InferInput<S>>(isMap, 'must be an object'), schema);
const texts = v.optional(mapOf(v.record(v.string(), template)), {});

/** One document of kind InjectionProfile. */
export const PROFILE_SOURCE = v.strictObject({
  apiVersion: v.literal(API_VERSION),
  kind: v.literal(KIND),
  metadata: v.looseObject({ name: NAME }),
  spec: v.strictObject({
    description: v.optional(v.pipe(v.string(), v.maxLength(400)), ''),
    parameters: v.optional(mapOf(v.record(NAME, PARAMETER)), {}),
    role: v.optional(v.picklist(['sidecar', 'init']), 'sidecar'),
    phase: v.optional(v.picklist(['first', 'before', 'after']), 'before'),
    container: v.optional(template),
    once: v.optional(v.strictObject({ command: v.optional(template), args: v.optional(template) })),
    volumes: list,
    mounts: list,
    env: list,
    into: v.optional(v.picklist(['containers', 'all']), 'containers'),
    labels: texts,
    annotations: texts,
    apiToken: v.optional(v.boolean(), false),
  }),
});

export type ProfileSource = v.InferInput<typeof PROFILE_SOURCE>;
export type ReadSource = v.InferOutput<typeof PROFILE_SOURCE>;
