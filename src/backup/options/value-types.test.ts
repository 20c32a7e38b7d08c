import { expect, it } from 'vitest';
import { faultOfPattern, size } from './value-types.ts';

it.each([
  ['0', 0],
  ['4096', 4096],
  ['10M', 10 * 1024 ** 2],
  ['2GiB', 2 * 1024 ** 3],
  ['1KB', 1024],
])('reads %s as %d bytes', (text, bytes) => {
  expect(size.parse(text)).toBe(bytes);
  expect(size.parse(size.format(bytes))).toBe(bytes);
});

it.each(['', '-1', '1.5G', '10X', 'M', '1e9'])('refuses %j', (text) => {
  expect(() => size.parse(text)).toThrow('must be a number of bytes');
});

it.each(['*.log', 'cache/', '/top', './a', 'ä ', '..a'])('takes %j as a pattern', (text) => {
  expect(faultOfPattern(text)).toBeUndefined();
});

it.each([
  '',
  '/',
  '.',
  './',
  '..',
  'a/../b',
  '/..',
  '**',
  '/**',
  './**/**',
  'a'.repeat(5000),
  'a\0b',
  '**/a/'.repeat(7),
])('refuses %j as a pattern', (text) => {
  expect(faultOfPattern(text)).toMatch(/^must /);
});
