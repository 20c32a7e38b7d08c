import { describe, expect, it } from 'vitest';
import { splitWords } from '../../scheduler/grammar/expression.ts';
import { TEST_RULES } from '../testing/rules.ts';
import { parseCrontab } from './crontab.ts';
import { parseSchedule } from './seconds-first.ts';
import { parseYamlJobs } from './yaml-jobs.ts';

const HINT = 'six fields that begin with a second, as in Quartz: --fields=second';

function hintOn(text: string): string | undefined {
  try {
    parseSchedule(splitWords(text), { ...TEST_RULES, hashKey: '' });
    return 'none needed';
  } catch (error) {
    return (error as { hint?: string }).hint;
  }
}

describe('an expression that begins with a second', () => {
  it.each(['0 0 12 ? * MON-FRI', '0 30 2 * * *', '0 15 10 L * ?'])(
    'is told so where it cannot be read otherwise: %s',
    (text) => {
      expect(hintOn(text)).toBe(HINT);
      const six = { ...TEST_RULES, hashKey: '', sixth: 'second' } as const;
      expect(() => parseSchedule(splitWords(text), six)).not.toThrow();
    },
  );

  it.each(['0 0 12 * * 1L', '0 15 10 ? * 6#3', '0 0 12 ? * 1'])(
    'is told so with a word on its weekday, which Quartz counts otherwise: %s',
    (text) => {
      expect(hintOn(text)).toBe(
        `${HINT}; but Quartz counts weekdays from 1 for Sunday, and here 0 and 7 are Sunday`,
      );
    },
  );

  it.each(['0 0 12 ? * MONDEY', '0 24 * * *', '5 4 * * sun 1969', '0 0 0 0 0 0'])(
    'is not what is meant by %s, which has the advice of its field',
    (text) => {
      expect(hintOn(text)).not.toBe(HINT);
      expect(hintOn(text)).not.toBe('none needed');
    },
  );

  it('is told so in a crontab and in YAML', () => {
    const crontab = parseCrontab('0 30 2 * * MON-FRI cmd\n', 'crontab', TEST_RULES);
    const yaml = parseYamlJobs(
      'jobs: [{schedule: "0 30 2 * * MON-FRI", command: x}]\n',
      'jobs.yaml',
      TEST_RULES,
    );
    expect([...crontab.errors, ...yaml.errors].map(({ hint }) => hint)).toEqual([HINT, HINT]);
  });
});
