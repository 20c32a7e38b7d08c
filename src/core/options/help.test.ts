import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optionsTable, renderHelp, wrapText } from './help.ts';
import { defineOptions, option } from './option.ts';
import { bool, duration, string } from './value-types.ts';

const options = defineOptions({
  repo: option({ flag: 'repo', short: 'r', type: string, default: '', env: ['REPO'], help: 'what to sync' }),
  period: option({ flag: 'period', type: duration, default: 10_000, help: 'a | b' }),
  dry: option({ flag: 'dry', type: bool, default: false, help: 'only look' }),
  token: option({
    flag: 'token',
    type: string,
    default: 'do-not-show',
    env: ['TOKEN'],
    envOnly: true,
    secret: true,
    help: 'the token',
  }),
  old: option({ flag: 'old', type: string, default: '', deprecated: 'use --repo', help: 'gone' }),
  test: option({ flag: 'test', type: string, default: '', hidden: true, help: 'hidden' }),
});

describe('renderHelp', () => {
  const page = renderHelp({ usage: 'x [flags]', summary: 'does x', options });

  it('shows flags, short names, variables and defaults', () => {
    expect(page).toContain('  -r, --repo <string>\n      what to sync ($REPO)');
    expect(page).toContain('  --period <duration>\n      a | b (default: 10s)');
    expect(page).toContain('Environment only:\n  $TOKEN\n      the token');
  });

  it('shows neither hidden nor deprecated options, nor the default of a secret', () => {
    expect(page).not.toMatch(/--old|--test|do-not-show/);
  });
});

describe('optionsTable', () => {
  it('has a row for each option that is not hidden, with cells that cannot break the table', () => {
    const table = optionsTable(options);
    expect(table).toContain('| `--period` | duration | `10s` |  | a \\| b |');
    expect(table).toContain('| (environment only) | string |  | `TOKEN` | the token |');
    expect(table).toContain('| Deprecated: use --repo |');
    expect(table).not.toContain('--test');
  });
});

describe('wrapText', () => {
  it('keeps every word and breaks only at spaces', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { minLength: 1 }), (words) => {
        const wrapped = wrapText(words.join(' '), 4, 40);
        expect(wrapped.trim().split(/\s+/)).toEqual(words);
        expect(wrapped.split('\n').every((line) => line.length <= 40)).toBe(true);
      }),
    );
  });
});
