import { describe, expect, it } from 'vitest';
import { startProcessorTimer } from '../../core/testing/linear.ts';
import { bytePath } from './entry.ts';
import { createExclusion } from './exclude.ts';

describe('patterns of what is left out', () => {
  it.each<[string, string, boolean]>([
    ['*.tmp', 'a.tmp', true],
    ['*.tmp', 'deep/er/a.tmp', true],
    ['*.tmp', 'a.tmp.txt', false],
    ['cache', 'x/cache', true],
    ['cache', 'x/caches', false],
    ['/cache', 'cache', true],
    ['/cache', 'x/cache', false],
    ['/cache/', 'cache', true],
    ['cache/', 'x/cache', true],
    ['a/b', 'a/b', true],
    ['a/b', 'x/a/b', false],
    ['a/*', 'a/b', true],
    ['a/*', 'a/b/c', false],
    ['**/b/c', 'x/y/b/c', true],
    ['**/b/c', 'b/c', true],
    ['a/**/c', 'a/c', true],
    ['a/**/c', 'a/x/y/c', true],
    ['a/**/c', 'a/x/y/d', false],
    ['a/**/**/c', 'a/c', true],
    ['*??', '€', false],
    ['*??', 'a€', true],
    ['?*?b***', '€€b', true],
    ['a/**', 'a', true],
    ['a/**/b/**/c', 'a/b/c', true],
    ['?', 'ä', true],
    ['?', 'ab', false],
    ['ä*', 'ähnlich', true],
    ['./cache', 'cache', true],
    ['./cache', 'x/cache', false],
    ['a//./b/.', 'a/b', true],
    ['.', 'a', false],
    ['', 'a', false],
    ['/', 'a', false],
    ['.pillion', 'x/.pillion', true],
  ])('%j leaves out %j: %s', (pattern, path, expected) => {
    expect(createExclusion([pattern])(bytePath(path))).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['e?', 'e\xe2\x80', false],
    ['e??', 'e\xe2\x80', true],
    ['*\ufffd', 'c\xff', false],
    ['c*', 'c\xff', true],
    ['?', '\xf0\x9f\x9a\xb2', true],
  ])('take a byte that is of no character for one: %j leaves out %j: %s', (pattern, path, expected) => {
    expect(createExclusion([pattern])(path)).toBe(expected);
  });

  it('leave out our own folder and lost+found of the volume without being told', () => {
    const isExcluded = createExclusion([]);
    expect(['.pillion', 'lost+found', 'x/.pillion', 'pillion'].map(isExcluded)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('take no time that grows like a power of the name', () => {
    const isExcluded = createExclusion([`${'*a'.repeat(30)}*b`, `${'**/a/'.repeat(30)}b`]);
    const elapsed = startProcessorTimer();
    expect(isExcluded('a'.repeat(255))).toBe(false);
    expect(isExcluded('a/'.repeat(400))).toBe(false);
    expect(elapsed()).toBeLessThan(2000);
  });
});
