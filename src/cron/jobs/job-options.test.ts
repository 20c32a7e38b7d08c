import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GrammarError } from '../../scheduler/grammar/grammar-error.ts';
import { JOB_OPTION_KEYS, jobOptionLines, parseOptionWords, readJobOption } from './job-options.ts';

function refusal(key: string, text: string): string {
  try {
    readJobOption(key, text, 0);
  } catch (error) {
    if (error instanceof GrammarError) {
      return `${error.message} (${error.hint})`;
    }
    throw error;
  }
  throw new Error(`${key}=${text} was accepted`);
}

describe('an option of a job', () => {
  it.each(JOB_OPTION_KEYS)('%s stands in the help page and in the guide', (key) => {
    expect(jobOptionLines().filter((line) => line.startsWith(`${key} `))).toHaveLength(1);
    expect(readFileSync('docs/guides/cron.md', 'utf8')).toContain(`\`${key}\``);
  });

  it.each([
    ['name', 'a b', '"a b" cannot be a name'],
    ['tz', 'Berlin', 'unknown time zone "Berlin" (a name such as Europe/Berlin)'],
    ['overlap', 'never', '"never" is none of its values (forbid, allow, replace, queue)'],
    ['timeout', '5', '5 needs a unit, for example 5s'],
    ['kill-after', '-5s', 'must not be negative'],
    ['retries', 'many', '"many" is not such a number (a number from 0 to 100)'],
    ['run-at-start', 'perhaps', '(true or false)'],
    ['exit-codes', '3', '"3" does not say what an exit code means (a list such as 3:success,75-78:final)'],
    ['exit-codes', '3:fine', '"fine" is none of its values'],
    ['env-file', '', 'is not a path (the path of a file of NAME=value lines)'],
    ['max-output', 'ten', '"ten" is not a size (a size such as 64Ki or 10Mi)'],
    ['leftovers', 'eat', '(kill, keep, wait)'],
  ])('%s=%s is refused with advice', (key, text, expected) => {
    expect(refusal(key, text)).toContain(`${key}: `);
    expect(refusal(key, text)).toContain(expected);
  });

  it('that should be an address is not repeated when it is none: it may be a secret', () => {
    expect(refusal('ping', 'ftp://user:hunter2@host')).not.toContain('hunter2');
  });

  it('may have blanks in quotes', () => {
    expect(parseOptionWords(` env-file="/run/my secrets" tz='UTC'`, 0)).toEqual({
      envFile: '/run/my secrets',
      zone: 'UTC',
    });
  });
});
