import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepAny, keepFor, keepNewest, type TreeInfo } from './retention.ts';

const tree = (path: string, changedAt: number): TreeInfo => ({ path, changedAt });
const NOW = 1_000_000;

describe('keeping worktrees for some time', () => {
  it('keeps those that are not older', () => {
    const trees = [tree('/old', NOW - 60_001), tree('/edge', NOW - 60_000), tree('/young', NOW)];
    expect([...keepFor(60_000)(trees, NOW)]).toEqual(['/edge', '/young']);
  });

  it('of zero keeps none, also of those that seem to come from the future', () => {
    expect(keepFor(0)([tree('/now', NOW), tree('/later', NOW + 5000)], NOW).size).toBe(0);
  });

  const trees = fc.uniqueArray(
    fc.record({ path: fc.string({ minLength: 1 }), changedAt: fc.integer({ min: 0, max: 2 * NOW }) }),
    { selector: ({ path }) => path },
  );

  it('keeps only worktrees that there are, and never fewer for a longer time', () => {
    fc.assert(
      fc.property(trees, fc.nat(NOW), fc.nat(NOW), (infos, shorter, more) => {
        const kept = keepFor(shorter)(infos, NOW);
        const paths = new Set(infos.map(({ path }) => path));
        expect([...kept].filter((path) => !paths.has(path))).toEqual([]);
        const longer = keepFor(shorter + more)(infos, NOW);
        expect([...kept].filter((path) => !longer.has(path))).toEqual([]);
      }),
    );
  });

  it('keeps none in the end', () => {
    fc.assert(
      fc.property(trees, fc.nat(NOW), (infos, time) => {
        expect(keepFor(time)(infos, 4 * NOW).size).toBe(0);
      }),
    );
  });
});

it('the newest of those that are named like trees stay, whatever else lies there', () => {
  const at = (letter: string, changedAt: number) => ({
    path: `/r/.worktrees/${letter.repeat(40)}`,
    changedAt,
  });
  const other = { path: '/r/.worktrees/junk', changedAt: 9 };
  const trees = [at('a', 1), at('b', 3), other, at('c', 2)];
  expect([...keepNewest(2)(trees, 10)].map((path) => path.at(-1))).toEqual(['b', 'c']);
  expect(keepNewest(0)(trees, 10).size).toBe(0);
  expect(keepAny(keepNewest(1), keepFor(2))(trees, 4).size).toBe(3);
});
