import { expect, it } from 'vitest';
import { excludeLines } from './exclude.ts';

it('leaves out what is never content', () => {
  expect(excludeLines('/data', [])).toBe('/data/.pillion\n/data/lost+found\n');
});

it.each([
  ['*.log', '/data/**/*.log'],
  ['cache/', '/data/**/cache'],
  ['sub/cache', '/data/sub/cache'],
  ['/top', '/data/top'],
  ['a/**/b?', '/data/a/**/b?'],
  ['#$[x]', String.raw`/data/**/#$$\[x\]`],
])('writes %s as %s', (pattern, line) => {
  expect(excludeLines('/data', [pattern]).split('\n')[2]).toBe(line);
});

it('takes the path of the volume as it is, whatever is in it', () => {
  expect(excludeLines('/v[1]*$', ['a/b']).split('\n')[2]).toBe(String.raw`/v\[1\]\*$$/a/b`);
});
