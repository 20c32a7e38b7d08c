import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../core/log/secrets.ts';
import { expectLinear, pumped } from '../../core/testing/linear.ts';
import { TEST_RULES } from '../testing/rules.ts';
import { jobOf } from '../testing/specs.ts';
import { parseCrontab } from './crontab.ts';
import { parseEnvText } from './env-file.ts';
import { derivedName, uniqueNames } from './job-names.ts';

const read = (text: string) => parseCrontab(text, 'crontab', TEST_RULES);
const asVixie = (text: string) =>
  parseCrontab(text, 'crontab', { ...TEST_RULES, percent: true, system: true, envScope: 'file' });

describe('a line of a mebibyte', () => {
  it.each([
    ['blanks', pumped('', ' ', 'x')],
    ['a name without =', pumped('', 'A')],
    ['a name and blanks', pumped('A', ' ')],
    ['a quoted name without end', pumped('"', 'A')],
    ['quotes', pumped('', '"')],
    ['a value of blanks', pumped('A=', ' ', 'x')],
    ['a value that ends in blanks', pumped('A=x', ' ')],
    ['a zone and blanks', pumped('CRON_TZ=UTC', ' ')],
    ['a zone without end', pumped('CRON_TZ=', 'U')],
    ['options', pumped('# pillion:', ' timeout=5s')],
    ['an option without =', pumped('# pillion: ', 'a')],
    ['an option without its quote', pumped('# pillion: env-file="', 'a ')],
    ['blanks before options', pumped('#', ' ', 'pillion:')],
    ['blanks behind options', pumped('# pillion:', ' ')],
    ['a list', pumped('', '1,', '1 * * * * x')],
    ['a range', pumped('', '1-', '1 * * * * x')],
    ['a weekday of letters', pumped('* * * * ', 'L', ' x')],
    ['nth weekdays', pumped('* * * * ', '1#1', ' x')],
    ['hashes', pumped('H(', '(', ' * * * * x')],
    ['digits', pumped('', '9', ' * * * * x')],
    ['words', pumped('* * * * * ', 'a ')],
    ['assignments', pumped('* * * * * ', 'A=1 ')],
    ['a script path', pumped('* * * * * sh ', 'a', '!')],
    ['percent signs', pumped('* * * * * x', '%')],
    ['backslashes', pumped('* * * * * x', '\\')],
    ['escaped percent signs', pumped('* * * * * x', '\\%')],
    ['no-break spaces', pumped('* * * *', '\u00a0', ' x')],
    ['carriage returns', pumped('* * * * * x', '\r')],
  ])('of %s is read in linear time', (_, text) => {
    expectLinear(read, text);
    expectLinear(asVixie, text);
  });
});

describe('a file of many lines', () => {
  it.each([
    ['equal jobs without names', pumped('', '* * * * * x\n')],
    ['equal jobs with the same name', pumped('', '# pillion: name=a\n* * * * * x\n')],
    [
      'variables',
      (length: number) => Array.from({ length: length / 9 }, (__, n) => `A${n % 900}=${n}`).join('\n'),
    ],
  ])('%s is read in linear time', (_, text) => {
    expectLinear(read, text, { length: 240_000, limitMs: 2000 });
  });

  it('that is no crontab is not read to its end', () => {
    const { errors } = read('61 * * * * x\n'.repeat(100_000));
    expect(errors).toHaveLength(1001);
    expect(errors.at(-1)).toMatchObject({ line: 1001, message: expect.stringContaining('too many errors') });
  });

  it('gives 20,000 equal jobs names of their own, in their order', () => {
    const job = jobOf('* * * * * curl x\n');
    const named = uniqueNames(Array.from({ length: 20_000 }, () => job));
    expect(named[0]?.name).toBe('curl');
    expect(named[19_999]?.name).toBe('curl-20000');
    expectLinear(uniqueNames, (length) => Array.from({ length }, () => job), { length: 20_000 });
  });
});

describe('an env-file of a mebibyte', () => {
  it.each([
    ['variables', pumped('', 'A=1234567\n')],
    ['one name', pumped('', 'A')],
    ['export and blanks', pumped('export', ' ')],
    ['blanks', pumped('', ' ', '\n')],
    ['blank lines', pumped('', '\n')],
    ['comments', pumped('', '#\n')],
  ])('of %s is read in linear time', (_, text) => {
    const parse = (source: string) => {
      try {
        parseEnvText(source, 'env');
      } catch {
        // A refusal takes its time, too.
      }
    };
    expectLinear(parse, text, { limitMs: 200 });
  });

  it('of many secrets has them all redacted, in linear time', () => {
    const values = (length: number) => Array.from({ length }, (_, n) => `value-number-${n}-of-many`);
    const declare = (secrets: readonly string[]) => {
      const known = createSecrets();
      secrets.forEach((value, index) => known.addRotating(`env\n${index}`, value));
      return known.redact(`<${secrets.at(-1)}>`);
    };
    expect(declare(values(1000))).toBe('<REDACTED>');
    expectLinear(declare, values, { length: 1000, limitMs: 500 });
  });
});

describe('a name for a job', () => {
  it.each([
    ['an interpreter', pumped('sh ', 'a.')],
    ['one word', pumped('', 'a/')],
    ['dashes', pumped('sh ', '-')],
  ])('is found in linear time for %s', (_, line) => {
    expectLinear((text: string) => derivedName({ kind: 'shell', shell: 'sh', line: text }), line);
    expectLinear((text: string) => derivedName({ kind: 'program', argv: ['sh', text] }), line);
  });
});
