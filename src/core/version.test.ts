import { expect, it } from 'vitest';
import { nodeProblem } from './version.ts';

it.each([
  ['22.19.0', undefined],
  ['24.0.0', undefined],
  ['22.18.9', 'needs Node >= 22.19, and this is 22.18.9'],
  ['20.20.2', 'needs Node >= 22.19, and this is 20.20.2'],
])('a program for Node 22.19 says of %s: %s', (found, problem) => {
  expect(nodeProblem(found, '22.19')).toBe(problem);
});
