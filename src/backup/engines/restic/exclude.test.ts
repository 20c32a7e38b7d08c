import { expect, it } from 'vitest';
import { excludeLines as linesOf } from './exclude.ts';

const excludeLines = (volume: string, patterns: readonly string[], mounts: readonly string[] = []) =>
  linesOf(volume, patterns, mounts).toString();

it('leaves out what is never content', () => {
  expect(excludeLines('/data', [])).toBe('/data/.pillion\n/data/lost+found\n');
});

it.each([
  ['*.log', '/data/**/*.log'],
  ['cache/', '/data/**/cache'],
  ['sub/cache', '/data/sub/cache'],
  ['/top', '/data/top'],
  ['a/**/b?', '/data/a/**/b?'],
  ['./a//./b/.', '/data/a/b'],
  ['./a', '/data/a'],
  ['a/**/**/b', '/data/a/**/b'],
  ['*??/x**?', '/data/??*/x?*'],
  ['a/**/b/**', '/data/a/**/b'],
  ['#$[x]', String.raw`/data/**/#$$\[x\]`],
])('writes %s as %s', (pattern, line) => {
  expect(excludeLines('/data', [pattern]).split('\n')[2]).toBe(line);
});

it('takes the path of the volume as it is, whatever is in it', () => {
  expect(excludeLines('/v[1]*$', ['a/b']).split('\n')[2]).toBe(String.raw`/v\[1\]\*$$/a/b`);
});

it('writes each case of several "**", of which restic takes none for nothing', () => {
  expect(excludeLines('/data', ['a/**/b/**/c']).split('\n').slice(2, -1)).toEqual([
    '/data/a/**/b/**/c',
    '/data/a/**/b/c',
    '/data/a/b/**/c',
    '/data/a/b/c',
  ]);
});

it.each(['', '/', './', '.'])('leaves out nothing for %j', (pattern) => {
  expect(excludeLines('/data', [pattern])).toBe(excludeLines('/data', []));
});

it('takes a mount point as it is: nothing in it is a pattern, and its bytes need not be UTF-8', () => {
  expect(excludeLines('/data', [], ['a*?[b]']).split('\n')[2]).toBe(String.raw`/data/a\*\?\[b\]`);
  const [, , third] = linesOf('/data', [], ['x\xff']).toString('latin1').split('\n');
  expect(third).toBe('/data/x\xff');
});

it('writes what restic does not read at the end of a line, or would take for the end of one, so that it is read', () => {
  expect(excludeLines('/data', ['a ', 'b\u00a0', 'c\nd']).split('\n').slice(2)).toEqual([
    '/data/**/a[ ]',
    '/data/**/b[\u00a0]',
    '/data/**/c[^\u0001-\t\u000b-\u{10ffff}]d',
    '',
  ]);
});
