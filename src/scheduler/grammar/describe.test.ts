import { describe, expect, it } from 'vitest';
import { describeSchedule } from './describe.ts';
import { parseExpression } from './expression.ts';

const ELAPSED =
  'When clocks change it follows elapsed time: nothing in a skipped hour, both passes of a repeated one.';
const FIXED =
  'When clocks change: a skipped time runs right after the gap, a repeated one in its first pass only.';
const AND =
  'A day field begins with *: a day must match both of them (as in Vixie cron; supercronic takes either).';
const OR = 'Both day fields are restricted: a day needs to match only one of them.';

describe('an expression in plain words', () => {
  it.each<[string, string[]]>([
    ['*/5 * * * *', ['Every 5 minutes, every day.', ELAPSED]],
    ['30 2 * * *', ['At 02:30, every day.', FIXED]],
    ['0,30 8-17 * * mon-fri', ['Minute 0 and 30 of hour 8 to 17, on Monday to Friday.', FIXED]],
    ['0 0 1,15 * fri', ['At 00:00, on day 1 and 15 of the month or Friday.', OR, FIXED]],
    ['0 0 */2 * mon', ['At 00:00, on every second day of the month if it is Monday.', AND, FIXED]],
    ['0 0 LW 6 * 2030', ['At 00:00, on the last Monday-to-Friday of the month in June of 2030.', FIXED]],
    [
      '0 0 * * 5L,1#2',
      ['At 00:00, on the last Friday of the month and the second Monday of the month.', FIXED],
    ],
    ['*/10 * * * * * *', ['Every 10 seconds of every minute, every day.', ELAPSED]],
    ['@every 90s', ['Every 1m30s, counted from the start of the scheduler.']],
    ['@reboot', ['Once, when the scheduler starts.']],
  ])('"%s" says what it means, on days when clocks change too', (expression, expected) => {
    const rules = { sixth: 'year', dayRule: 'vixie', hashKey: '' } as const;
    expect(describeSchedule(parseExpression(expression, rules))).toEqual(expected);
  });
});
