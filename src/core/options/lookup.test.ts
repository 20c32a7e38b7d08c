import { describe, expect, it } from 'vitest';
import { flagLookup, nearest, visibleFlags } from './lookup.ts';
import { defineOptions, option } from './option.ts';
import { bool, string } from './value-types.ts';

const options = defineOptions({
  repo: option({ flag: 'repo', short: 'r', type: string, default: '', help: 'h' }),
  quiet: option({ flag: 'quiet', type: bool, default: false, help: 'h' }),
  password: option({ flag: 'password', type: string, default: '', envOnly: true, env: ['P'], help: 'h' }),
  old: option({ flag: 'old', type: string, default: '', deprecated: 'use --repo', help: 'h' }),
  secret: option({ flag: 'testing', type: string, default: '', hidden: true, help: 'h' }),
});

describe('flagLookup', () => {
  it('finds options by long and short name and knows which are boolean', () => {
    const lookup = flagLookup(options);
    expect(lookup.long('quiet')).toEqual({ key: 'quiet', boolean: true });
    expect(lookup.short('r')).toEqual({ key: 'repo', boolean: false });
  });

  it('has no flag for an option that only the environment may set', () => {
    expect(flagLookup(options).long('password')).toBeUndefined();
  });

  it('does not mistake properties of objects for options', () => {
    expect(flagLookup(options).long('constructor')).toBeUndefined();
  });
});

describe('visibleFlags', () => {
  it('leaves out hidden, deprecated and environment-only options', () => {
    expect(visibleFlags(options)).toEqual(['repo', 'quiet']);
  });
});

describe('nearest', () => {
  it.each([
    ['roott', 'root'],
    ['max-fail', 'max-failures'],
    ['perid', 'period'],
    ['rpeo', 'repo'],
    ['erf', 'ref'],
  ])('takes %s for %s', (name, expected) => {
    expect(nearest(name, ['root', 'repo', 'max-failures', 'period', 'ref'])).toBe(expected);
  });

  it('suggests nothing when nothing is near', () => {
    expect(nearest('banana', ['root', 'ref'])).toBeUndefined();
  });

  it('gives up at once on a name of a megabyte', { timeout: 2000 }, () => {
    expect(nearest('r'.repeat(1_000_000), ['root', 'ref'])).toBeUndefined();
  });
});
