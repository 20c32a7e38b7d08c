import { describe, expect, it } from 'vitest';
import { isFullHash } from '../../../git/object-name.ts';
import { absolute, isInside, isTreeOfAnyDialect, layoutOf } from './layout.ts';

const HASH = 'ce5a9a139f033cad0e2a3ac36fedae5f63e212f6';
const SHA256 = 'f'.repeat(64);

describe('the places of trees', () => {
  it('are .worktrees/<hash> in v4, and rev-<hash> directly in the root in v3', () => {
    expect(layoutOf('v4', '/r').treePath(HASH)).toBe(`/r/.worktrees/${HASH}`);
    expect(layoutOf('v3', '/r').treePath(HASH)).toBe(`/r/rev-${HASH}`);
    expect([layoutOf('v4', '/r').treesDir, layoutOf('v3', '/r').treesDir]).toEqual(['/r/.worktrees', '/r']);
  });

  it.each([
    [`/r/.worktrees/${HASH}`, HASH],
    [`/r/rev-${HASH}`, HASH],
    [`/r/${HASH}`, HASH],
    [`/r/.worktrees/${SHA256}`, SHA256],
    ['/r/.worktrees/main', undefined],
    [`/r/${HASH.slice(1)}`, undefined],
    [`/r/${HASH.toUpperCase()}`, undefined],
    [`/r/rev-rev-${HASH}`, undefined],
  ])('tell which commit %s stands for', (path, hash) => {
    expect(layoutOf('v4', '/r').hashOf(path)).toBe(hash);
    expect(layoutOf('v3', '/r').hashOf(path)).toBe(hash);
  });

  it.each([
    [`/r/${HASH}`, true],
    [`/r/rev-${HASH}`, true],
    [`/r/.worktrees/${HASH}`, true],
    [`/r/.worktrees/.rebuild/${HASH}`, false],
    [`/r/sub/${HASH}`, false],
    [`/elsewhere/${HASH}`, false],
    ['/r/link', false],
    ['/r', false],
  ])('%s is a tree of the root: %s', (path, expected) => {
    expect(isTreeOfAnyDialect('/r', path)).toBe(expected);
  });
});

describe('a full hash', () => {
  it.each([HASH, SHA256, '0'.repeat(40)])('is 40 or 64 small hex digits: %s', (text) => {
    expect(isFullHash(text)).toBe(true);
  });

  it.each(['', 'main', HASH.slice(1), `${HASH}0`, HASH.toUpperCase(), `${HASH}\n`, `${HASH.slice(1)}g`])(
    'is not %j',
    (text) => {
      expect(isFullHash(text)).toBe(false);
    },
  );
});

describe('paths', () => {
  it.each([
    ['/r', '/r/a', true],
    ['/r', '/r/..a', true],
    ['/r', '/r', false],
    ['/r', '/', false],
    ['/r', '/r-2/a', false],
    ['/r', '/r/../x', false],
    ['/', '/x', true],
  ])('below %s is %s: %s', (directory, path, expected) => {
    expect(isInside(directory, path)).toBe(expected);
  });

  it('are relative to a base unless they are absolute or empty', () => {
    expect([absolute('a/../b', '/base'), absolute('/b', '/base'), absolute('', '/base')]).toEqual([
      '/base/b',
      '/b',
      '',
    ]);
  });
});
