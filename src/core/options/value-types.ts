import { formatGoDuration, parseGoBool, parseGoDuration, parseGoFloat, parseGoInt } from './go-values.ts';
import { ValueError, type ValueType } from './option.ts';

export const string: ValueType<string> = {
  name: 'string',
  parse: (text) => text,
  format: (value) => value,
};

export const bool: ValueType<boolean> = {
  name: 'bool',
  expected: 'true or false',
  boolean: true,
  parse: parseGoBool,
  format: String,
};

export const int: ValueType<number> = {
  name: 'int',
  expected: 'a whole number, such as 1',
  parse: parseGoInt,
  format: String,
};

export const float: ValueType<number> = {
  name: 'float',
  expected: 'a number, such as 1.5',
  parse: parseGoFloat,
  format: String,
};

/** Go syntax with a unit, in milliseconds: 10s, 1m30s, 250ms. */
export const duration: ValueType<number> = {
  name: 'duration',
  expected: 'a number with a unit, such as 10s, 500ms or 1m30s',
  parse: parseGoDuration,
  format: formatGoDuration,
};

/** A repeatable string, never split at commas. */
export const strings: ValueType<readonly string[]> = {
  name: 'string',
  repeats: true,
  parse: (text) => [text],
  append: (earlier, later) => [...earlier, ...later],
  format: (value) => value.join(','),
};

/** One word out of a fixed list. */
export function choice<const T extends string>(...allowed: readonly T[]): ValueType<T> {
  return {
    name: allowed.join('|'),
    parse(text) {
      const found = allowed.find((word) => word === text);
      if (found === undefined) {
        throw new ValueError(`must be one of ${allowed.join(', ')}`);
      }
      return found;
    },
    format: (value) => value,
  };
}
