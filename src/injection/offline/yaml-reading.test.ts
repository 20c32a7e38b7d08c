import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { startProcessorTimer } from '../../core/testing/linear.ts';
import { AS_KUBECTL_READS, jsonOf, numberOf } from './yaml-reading.ts';

const read = (text: string): string => {
  const document = parseDocument(`- ${text}\n`, AS_KUBECTL_READS);
  expect(document.errors).toEqual([]);
  return jsonOf(document.toJS()).slice(1, -1);
};

// What YAMLToJSON of sigs.k8s.io/yaml 1.6.0 gives.
test.each([
  ['times of day', '02:30', '"02:30"'],
  ['numbers to base 60', '190:20:30', '"190:20:30"'],
  ['dates', '2024-01-01', '"2024-01-01"'],
  ['points in time', '2001-12-14t21:59:43.10-05:00', '"2001-12-14t21:59:43.10-05:00"'],
  ['tagged points in time', '!!timestamp 2024-01-01', '"2024-01-01"'],
  ['octal numbers of YAML 1.1', '010', '8'],
  ['octal numbers of YAML 1.2', '0o10', '8'],
  ['octal numbers in capitals', '0O17', '15'],
  ['octal numbers that are none', '08', '8'],
  ['octal digits that are none', '0o8', '"0o8"'],
  ['hexadecimal numbers', '0X1f', '31'],
  ['negative hexadecimal numbers', '-0xffff', '-65535'],
  ['binary numbers', '-0b11', '-3'],
  ['prefixes alone', '0b', '"0b"'],
  ['underscores', '1__0_', '10'],
  ['an underscore first', '_1', '"_1"'],
  ['fractions', '.5e3', '500'],
  ['a dot alone', '.', '"."'],
  ['too many dots', '1.2.3', '"1.2.3"'],
  ['an exponent', '1E-3', '0.001'],
  ['an exponent beyond all numbers', '1e400', '"1e400"'],
  ['hexadecimal fractions', '0x1p3', '"0x1p3"'],
  ['all digits of a large number', '12345678901234567890', '12345678901234567890'],
  ['the largest whole number', '18446744073709551615', '18446744073709551615'],
  ['one more, which is a fraction', '18446744073709551616', '18446744073709552000'],
  ['the least whole number', '-9223372036854775808', '-9223372036854775808'],
  ['yes', 'yes', 'true'],
  ['n', 'n', 'false'],
  ['oN', 'oN', '"oN"'],
  ['null', '~', 'null'],
  ['quoted numbers', '"5"', '"5"'],
  ['tagged texts', '!!str 5', '"5"'],
  ['tagged numbers', '!!int "5"', '5'],
  ['bytes', '!!binary aGVsbG8=', '"hello"'],
])('%s are read as kubectl reads them', (_, text, json) => {
  expect(read(text)).toBe(json);
});

test('keys that are no texts become the texts that kubectl makes of them, and << merges', () => {
  const text = 'a: &a {x: 1}\nb: {<<: *a, yes: 1, 5: 2}\n';
  const document = parseDocument(text, AS_KUBECTL_READS);
  expect(document.toJS()).toEqual({ a: { x: 1 }, b: { x: 1, true: 1, 5: 2 } });
});

test('digits without an end take no time', () => {
  const elapsed = startProcessorTimer();
  expect(numberOf('9'.repeat(1_000_000))).toBeUndefined();
  expect(elapsed()).toBeLessThan(1_000);
});
