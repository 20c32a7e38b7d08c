import { expect, it } from 'vitest';
import { before, named, pruned, withBegun, withPublished } from './revisions.ts';
import type { Revision } from './state.ts';

const hashOf = (letter: string) => letter.repeat(40);
const AT = '2026-01-01T00:00:00.000Z';
const revision = (letter: string): Revision => ({
  hash: hashOf(letter),
  publishedAt: AT,
  isWhole: true,
  verify: 'off',
});
const of = (letters: string): readonly Revision[] => letters.split('').map(revision);
const shown = (revisions: readonly Revision[]) => revisions.map(({ hash }) => hash.slice(0, 1)).join('');

it('what is published is the newest, also when it was published before', () => {
  expect(shown(withPublished(of('ab'), revision('c'), false))).toBe('abc');
  expect(shown(withPublished(of('abc'), revision('a'), false))).toBe('bca');
});

it('a rollback leaves the order as it is, so that the next one goes further back', () => {
  const after = withPublished(of('abc'), revision('b'), true);
  expect(shown(after)).toBe('abc');
  expect(before(after, hashOf('b'))?.hash).toBe(hashOf('a'));
  expect(before(after, hashOf('a'))).toBeUndefined();
  expect(shown(withPublished(of('ab'), revision('c'), true))).toBe('abc');
});

it('before what is not known comes the newest', () => {
  expect(before(of('ab'), null)?.hash).toBe(hashOf('b'));
  expect(before(of('ab'), hashOf('f'))?.hash).toBe(hashOf('b'));
  expect(before([], null)).toBeUndefined();
});

it('a tree that is begun again is whole once it is published', () => {
  const begun = withBegun(of('ab'), hashOf('a'));
  expect(begun.map(({ isWhole }) => isWhole)).toEqual([false, true]);
  expect(withPublished(begun, revision('a'), true).every(({ isWhole }) => isWhole)).toBe(true);
});

it('the newest stay, and what is needed', () => {
  expect(shown(pruned(of('abcde'), 2, [null]))).toBe('de');
  expect(shown(pruned(of('abcde'), 2, [hashOf('b'), null]))).toBe('bde');
});

it('a part of a hash names a revision from four characters on', () => {
  const revisions = [{ hash: `abcd${'1'.repeat(36)}` }, { hash: `abce${'1'.repeat(36)}` }].map((each) => ({
    ...revision('a'),
    ...each,
  }));
  expect(named(revisions, 'ABCD')).toHaveLength(1);
  expect(named(revisions, 'abc')).toEqual([]);
  expect(named(revisions, 'ffff')).toEqual([]);
});
