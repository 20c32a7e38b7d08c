import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz, fuzzTimeout } from '../../core/testing/fuzz.ts';
import { TEST_RULES } from '../testing/rules.ts';
import { parseCrontab } from './crontab.ts';
import { DIALECTS } from './dialects.ts';
import { formatFinding } from './findings.ts';
import { parseYamlJobs } from './yaml-jobs.ts';

/** Pieces that crontabs are made of, and pieces that they are not. */
const piece = fc.oneof(
  fc.constantFrom(
    '*',
    '*/5',
    '1-5',
    '5-1',
    '0',
    '61',
    '?',
    'L',
    'LW',
    '15W',
    '5#3',
    'mon',
    'H',
    'H/15',
    'H(1-5)',
  ),
  fc.constantFrom(
    '1~5',
    '~',
    '-',
    '--',
    '1--5',
    '/',
    '*/',
    '*/0',
    ',',
    '1,,2',
    '@daily',
    '@every',
    '90s',
    '@x',
    '%',
    '\\%',
  ),
  fc.constantFrom(
    '# pillion:',
    'timeout=5s',
    'timeout="',
    'name=a',
    'CRON_TZ=UTC',
    'CRON_TZ=X',
    'SHELL=',
    'A=1',
    '"A"=b',
    'root',
  ),
  fc.constantFrom('\r', '\t', '\uFEFF', '\0', '=', "'", '"', 'x'.repeat(3000), '9'.repeat(2000)),
  fc.string({ maxLength: 8 }),
);
const line = fc.array(piece, { maxLength: 10 }).chain((pieces) => {
  return fc.constantFrom(' ', '\t', '').map((blank) => pieces.join(blank));
});
const text = fc.array(line, { maxLength: 5 }).map((lines) => lines.join('\n'));
const rules = fc.record({
  dialect: fc.constantFrom('pillion' as const, 'supercronic' as const),
  percent: fc.boolean(),
  system: fc.boolean(),
  sixth: fc.constantFrom('year' as const, 'second' as const),
});

describe('any text at all', () => {
  it('is jobs or errors in a crontab: each with a place in its line, advice, and few words', {
    timeout: fuzzTimeout(1000),
  }, () => {
    fc.assert(
      fc.property(text, rules, (source, { dialect, ...switches }) => {
        const table = { ...TEST_RULES, ...DIALECTS[dialect], ...switches };
        const { errors, warnings, notes } = parseCrontab(source, 'crontab', table);
        const lines = source.split('\n');
        for (const finding of [...errors, ...warnings, ...notes]) {
          const { length = -1 } = lines[finding.line - 1] ?? {};
          expect(finding.column).toBeGreaterThanOrEqual(1);
          expect(finding.column).toBeLessThanOrEqual(length + 1);
          expect(formatFinding(finding)).not.toMatch(/\p{Cc}/u);
          expect(formatFinding(finding).length).toBeLessThan(2000);
        }
        for (const { hint } of errors) {
          expect(hint).toEqual(expect.any(String));
        }
      }),
      fuzz(1000),
    );
  });

  it('is jobs or errors as YAML', { timeout: fuzzTimeout(300) }, () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.json()), (source) => {
        const { jobs, errors } = parseYamlJobs(source, 'jobs.yaml', TEST_RULES);
        expect(jobs.length === 0 || errors.length === 0).toBe(true);
      }),
      fuzz(300),
    );
  });
});
