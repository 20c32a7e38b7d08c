import { describe, expect, it } from 'vitest';
import { isRfc3339, numberOf } from './answer-values.ts';

describe('a value of an answer', () => {
  it('is a number as such or as digits, and nothing that only resembles one', () => {
    expect([5, -1.5, '42', '0'].map(numberOf)).toEqual([5, -1.5, 42, 0]);
    const others = ['', ' 1', '1.5', '-1', '0x10', '1e3', '1'.repeat(16), null, true, [1]];
    expect(others.map(numberOf)).toEqual(others.map(() => Number.NaN));
  });

  it('is a time with date, time and offset, and nothing that Date.parse would make of other texts', () => {
    expect(['2026-11-28T12:00:00Z', '2026-11-28T12:00:00.5+01:00'].map(isRfc3339)).toEqual([true, true]);
    expect(['2026-11-28', '1', '2026-11-28T12:00:00', 'Nov 28 2026', 5].map(isRfc3339)).toEqual(
      Array.from({ length: 5 }, () => false),
    );
  });
});
