/** A JSON Schema as an editor applies it. */
import { isMap, type Json, listAt, memberAt } from '../../src/kubernetes/json.ts';

/** For the tests of rooms that do not know Kubernetes. */
export { isMap, type Json, listAt };

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

/**
 * Whether a value is as a schema wants it, as an editor checks it. It has the keywords that the program's schemas have; another
 * one is an error, so that none is overlooked.
 * @param root what a `$ref` begins at
 */
function accepts(root: Json, schema: Json, value: Json): boolean {
  if (typeof schema === 'boolean') {
    return schema;
  }
  const within = (inner: Json, each: Json) => accepts(root, inner, each);
  const map = isMap(value) ? Object.entries(value) : [];
  const list = Array.isArray(value) ? (value as readonly Json[]) : [];
  const texts = (key: string) => [memberAt(schema, key) ?? []].flat() as string[];
  const first = listAt(schema, 'prefixItems');
  const properties = memberAt(schema, 'properties') ?? {};
  const checks: Readonly<Record<string, (given: Json) => boolean>> = {
    $ref: (given) => within(memberAt(root, ...textIn(given).split('/').slice(1)) ?? false, value),
    type: () => texts('type').some((type) => TYPES[type]?.(value) === true),
    anyOf: () => listAt(schema, 'anyOf').some((each) => within(each, value)),
    oneOf: () => listAt(schema, 'oneOf').filter((each) => within(each, value)).length === 1,
    enum: () => listAt(schema, 'enum').includes(value),
    const: (given) => given === value,
    pattern: (given) => typeof value !== 'string' || new RegExp(textIn(given), 'u').test(value),
    minLength: (given) => typeof value !== 'string' || value.length >= Number(given),
    maxLength: (given) => typeof value !== 'string' || value.length <= Number(given),
    minimum: (given) => typeof value !== 'number' || value >= Number(given),
    maximum: (given) => typeof value !== 'number' || value <= Number(given),
    minItems: (given) => !Array.isArray(value) || list.length >= Number(given),
    maxItems: (given) => list.length <= Number(given),
    prefixItems: () => list.slice(0, first.length).every((each, index) => within(first[index] ?? true, each)),
    items: (given) => list.slice(first.length).every((each) => within(given, each)),
    maxProperties: (given) => map.length <= Number(given),
    propertyNames: (given) => map.every(([key]) => within(given, key)),
    dependentRequired: (given) =>
      map.every(([key]) =>
        listAt(given, key).every((other) => isMap(value) && Object.hasOwn(value, textIn(other))),
      ),
    required: () => !isMap(value) || texts('required').every((key) => Object.hasOwn(value, key)),
    properties: () =>
      map.every(([key, each]) => {
        const own = memberAt(properties, key);
        return own === undefined || within(own, each);
      }),
    additionalProperties: (given) =>
      map.every(([key, each]) => memberAt(properties, key) !== undefined || within(given, each)),
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

/** The test of values by a whole schema. */
export const createAccepts =
  (schema: Json) =>
  (value: Json): boolean =>
    accepts(schema, schema, value);
