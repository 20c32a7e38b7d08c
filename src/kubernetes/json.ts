/** JSON as it arrives from others: read without trusting its shape. */

export type Json = string | number | boolean | null | readonly Json[] | JsonMap;
export interface JsonMap {
  readonly [key: string]: Json;
}

/** A JSON object, neither an array nor null. */
export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own member of an object; undefined for a missing one, for null and for what is no object (never a prototype's). */
export function member(value: unknown, key: string): Json | undefined {
  if (!isMap(value) || !Object.hasOwn(value, key)) {
    return undefined;
  }
  return value[key] ?? undefined;
}

/**
 * Sets an own member of an object. Plain assignment keeps objects small and quick; the one key that is no key then is set the
 * long way.
 */
export function setMember(map: Record<string, Json>, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    map[key] = value;
  }
}

/** The member at the end of a path of object keys. */
export function memberAt(value: unknown, ...keys: readonly string[]): Json | undefined {
  let current: unknown = value;
  for (const key of keys) {
    current = member(current, key);
  }
  return current as Json | undefined;
}

export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = memberAt(value, ...keys);
  return typeof found === 'string' ? found : undefined;
}

/** The list at the end of a path; an empty one when there is none, or when something else stands there. */
export function listAt(value: unknown, ...keys: readonly string[]): readonly Json[] {
  const found = memberAt(value, ...keys);
  return Array.isArray(found) ? found : [];
}

/** Whether two JSON values are equal; the order of keys does not count. */
export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) {
    return true;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length && left.every((item, at) => sameJson(item as Json, right[at] as Json))
    );
  }
  if (!isMap(left) || !isMap(right)) {
    return false;
  }
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]))
  );
}
