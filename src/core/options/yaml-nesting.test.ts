import { expect, it } from 'vitest';
import { expectLinear } from '../testing/linear.ts';
import { isNestedTooDeeply } from './yaml-nesting.ts';

const lines = (count: number, line: (depth: number) => string) =>
  Array.from({ length: count }, (_, depth) => line(depth)).join('\n');

it.each([
  ['keys below keys', lines(101, (depth) => `${' '.repeat(depth)}a:`)],
  ['lists below keys, without further indentation', lines(101, (depth) => `${'  '.repeat(depth)}- a:`)],
  ['lists in lists on one line', `${'- '.repeat(101)}x`],
  ['lists in lists on many lines', lines(40, (depth) => `${' '.repeat(depth * 6)}- - - `)],
  ['complex keys', `${'? '.repeat(101)}x`],
  ['brackets', '['.repeat(101)],
  ['brackets on many lines', lines(101, () => '{a:')],
  ['windows line ends', lines(101, (depth) => `${' '.repeat(depth)}a:\r`)],
])('%s by the hundred are too deep', (_, text) => {
  expect(isNestedTooDeeply(text)).toBe(true);
});

it.each([
  ['a list of a thousand mappings', lines(1000, (at) => (at % 2 === 0 ? '- repo: x' : '  link: y'))],
  ['as many levels one after the other', lines(1000, (at) => `${' '.repeat(at % 50)}a:`)],
  ['brackets that are closed', '[a, {b: c}], '.repeat(1000)],
  ['a certificate', `a: |\n${lines(200, () => `  ${'MIIB--::'.repeat(8)}`)}`],
  ['comments and blank lines', lines(1000, (at) => `${' '.repeat(at)}# x\n`)],
  ['nothing', ''],
])('%s are not', (_, text) => {
  expect(isNestedTooDeeply(text)).toBe(false);
});

it('is found out in a time that grows with the length, however it is nested', () => {
  for (const part of ['a:\n', '- ', ' - a\n', '{', '? ', ' ', '\n', '# {\n', '- - - a\n']) {
    expectLinear(isNestedTooDeeply, (length) => part.repeat(Math.ceil(length / part.length)));
  }
});
