import { describe, expect, it } from 'vitest';
import { flagLookup } from '../../core/options/lookup.ts';
import { GIT_ERRORS } from '../../git/errors.ts';
import { adviceIn } from './advice.ts';
import { v3Options } from './v3/options.ts';
import { v4Options } from './v4/options.ts';

const namesIn = (hint: string) =>
  [...hint.matchAll(/(?<![\w-])--?([a-z][a-z-]+)/g)].map(([, name]) => name ?? '');

describe('advice', () => {
  it.each(Object.values(GIT_ERRORS).map((error) => [error.code, error({ message: '' }).hint ?? ''] as const))(
    'about %s names only options that the dialect has',
    (_, hint) => {
      const [v3, v4] = [flagLookup(v3Options), flagLookup(v4Options)];
      expect(adviceIn('v4', hint)).toBe(hint);
      for (const name of namesIn(hint)) {
        expect(v4.long(name), name).toBeDefined();
      }
      for (const name of namesIn(adviceIn('v3', hint))) {
        expect(v3.long(name), name).toBeDefined();
      }
      expect(namesIn(adviceIn('v3', hint)).length).toBeGreaterThanOrEqual(namesIn(hint).length);
    },
  );

  it('for v3 has one dash, keeps values, and uses the older names', () => {
    const hint = 'raise --sync-timeout, set --ssh-known-hosts=false, check --ref, not a--ref or x--link';
    expect(adviceIn('v3', hint)).toBe(
      'raise -timeout, set -ssh-known-hosts=false, check -branch and -rev, not a--ref or x--link',
    );
  });
});
