import { describe, expect, it } from 'vitest';
import { isAtLeast } from './manifest.ts';

describe('the oldest Node', () => {
  it('is compared number by number', () => {
    expect(isAtLeast('22.19.0', '22.19')).toBe(true);
    expect(isAtLeast('22.20.1', '22.19')).toBe(true);
    expect(isAtLeast('24.2.0', '22.19')).toBe(true);
    expect(isAtLeast('100.0.0', '22.19')).toBe(true);
    expect(isAtLeast('22.9.0', '22.19')).toBe(false);
    expect(isAtLeast('20.20.2', '22.19')).toBe(false);
  });
});
