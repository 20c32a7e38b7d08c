import { describe, expect, it } from 'vitest';
import { v3, v4 } from '../../cli/testing/parse.ts';
import { isPinned, watchedRef } from './follow.ts';

const HASH = 'ce5a9a139f033cad0e2a3ac36fedae5f63e212f6';

describe('the ref that is watched', () => {
  it.each([
    [v4([]), 'HEAD'],
    [v4(['--ref=main']), 'main'],
    [v4([`--ref=${HASH}`]), HASH],
    [v4(['--branch=b']), 'b'],
    [v3([]), 'refs/heads/master'],
    [v3(['-branch=feature/x']), 'refs/heads/feature/x'],
    [v3(['-branch=main', '-rev=v1']), 'refs/tags/v1'],
    [v3(['-rev=2024']), 'refs/tags/2024'],
    [v3(['-rev=']), 'refs/heads/master'],
  ])('is what the dialect makes of it (row %#)', (settings, ref) => {
    expect(watchedRef(settings.follow)).toBe(ref);
  });
});

describe('a commit that can never change', () => {
  it.each([
    [v4([`--ref=${HASH}`]), true],
    [v4([`--ref=${HASH.toUpperCase()}`]), true],
    [v4([`--ref=${HASH.slice(0, 12)}`]), false],
    [v4(['--ref=main']), false],
    [v3([`-rev=${HASH}`]), true],
    [v3([`-rev=${HASH.slice(0, 4)}`]), true],
    [v3([`-rev=${HASH.slice(0, 7).toUpperCase()}`]), true],
    [v3([`-rev=${HASH.slice(0, 3)}`]), false],
    [v3(['-rev=v1']), false],
    [v3(['-rev=dead']), false],
    [v3(['-rev=HEAD']), false],
    [v3([]), false],
  ])('is one that the settings name (row %#: %s)', (settings, expected) => {
    expect(isPinned(settings.follow, HASH)).toBe(expected);
  });
});
