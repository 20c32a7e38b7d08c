import { describe, expect, it } from 'vitest';
import { type ExpressionRules, parseExpression } from './expression.ts';
import { GrammarError, type Remark } from './grammar-error.ts';

const RULES: ExpressionRules = { sixth: 'year', dayRule: 'vixie', hashKey: 'pod-0\njob' };

function refusal(text: string, rules = RULES): { message: string; offset: number; hint: string } {
  try {
    parseExpression(text, rules);
  } catch (error) {
    if (error instanceof GrammarError) {
      return { message: error.message, offset: error.offset, hint: error.hint };
    }
    throw error;
  }
  throw new Error(`"${text}" was accepted`);
}

function fields(text: string, rules = RULES) {
  const schedule = parseExpression(text, rules);
  if (schedule.kind !== 'calendar') {
    throw new Error(`${text} is not a calendar schedule`);
  }
  return schedule;
}

describe('a schedule expression', () => {
  it.each([
    ['60 * * * *', 0, 'the first minute is 0'],
    ['* 24 * * *', 2, 'the first hour is 0'],
    ['* * 0 * *', 4, 'the first is 1, the last 31'],
    ['* * * 13 *', 6, 'the first is 1, the last 12'],
    ['* * * * 8', 8, '0 and 7 are Sunday'],
    ['* * * janury *', 6, 'did you mean january?'],
    ['* * * * mnday', 8, 'did you mean monday?'],
    ['*/0 * * * *', 2, 'for example */2'],
    ['0 0 20-10/2 * *', 4, 'write 20-31,1-10'],
    ['0 0 * * 5-1', 8, 'write 5-6,0-1'],
    ['0 0 * * 5-0', 8, 'write 5-7'],
    ['0 0 * * sat-mon', 8, 'write 6,0-1'],
    ['1,,2 * * * *', 2, 'remove a comma'],
    ['0 0 L-3 * *', 4, 'only L, LW and nW are known'],
    ['0 0 * * L', 8, 'write 5L for the last Friday of the month'],
    ['0 0 * * 1#6', 10, 'fri#3 is the third Friday of the month'],
    ['@weekley', 0, 'did you mean @weekly?'],
    ['@Daily', 0, 'did you mean @daily?'],
    ['@every', 0, 'for example @every 90s or @every 1h30m'],
    ['@every 5', 7, 'write 90s, 15m or 1h30m'],
    ['@every 10ms', 7, 'from 1s to 40 years'],
    ['@daily 5', 7, 'leave out the rest, or write fields instead'],
    ['20~10 * * * *', 0, 'write 10~20'],
    ['2025-2020 * * * *', 0, 'the first is 0, the last 59'],
    ['* * * * * 1969', 10, 'the first is 1970, the last 2099'],
    [
      '* * * *',
      0,
      'minute hour day month weekday, with a year behind, or with a second in front and a year behind',
    ],
  ])('"%s" is refused at offset %i with advice', (text, offset, hint) => {
    expect(refusal(text)).toMatchObject({ offset, hint });
  });

  it('has its sixth field read as a year, or as a leading second when asked', () => {
    expect(fields('1 2 3 4 5 2025')).toMatchObject({ seconds: [0], minutes: [1], years: [2025] });
    const second = fields('1 2 3 4 5 6', { ...RULES, sixth: 'second' });
    expect(second).toMatchObject({ seconds: [1], minutes: [2], hours: [3], years: undefined });
    expect(second.weekdays.days).toEqual([6]);
  });

  it('follows elapsed time only when minute or hour begins with a star', () => {
    expect(fields('*/5 1 * * *').wildcard).toBe(true);
    expect(fields('5 */2 * * *').wildcard).toBe(true);
    expect(fields('@hourly').wildcard).toBe(true);
    expect(fields('0-59/5 0-23 * * *').wildcard).toBe(false);
  });

  it('spreads H and ~ by the hash of pod and job, within their ranges and always alike', () => {
    const first = fields('H H(0-5) * * *');
    expect(fields('H H(0-5) * * *')).toEqual(first);
    expect(first.hours[0]).toBeLessThanOrEqual(5);
    const chosen = Array.from({ length: 200 }, (_, pod) => {
      return fields('H * * * *', { ...RULES, hashKey: `pod-${pod}\njob` }).minutes[0];
    });
    expect(new Set(chosen).size).toBeGreaterThan(45);
    const quarters = fields('H/15 * * * *');
    expect(quarters.minutes).toHaveLength(4);
    expect(quarters.wildcard).toBe(true);
    const [minute = -1] = fields('10~20 * * * *').minutes;
    expect(minute).toBeGreaterThanOrEqual(10);
    expect(minute).toBeLessThanOrEqual(20);
  });

  it('takes 7 for Sunday, also at the end of a range, and its name there as newer cronies do', () => {
    expect(fields('0 0 * * 7').weekdays.days).toEqual([0]);
    expect(fields('0 0 * * 6-7').weekdays.days).toEqual([0, 6]);
    expect(fields('0 0 * * sat-sun').weekdays.days).toEqual([0, 6]);
    expect(fields('0 0 * * FRI-SUN').weekdays.days).toEqual([0, 5, 6]);
    expect(fields('0 0 * * sun-sun').weekdays.days).toEqual([0]);
    expect(fields('0 0 * * mon-Sunday/2').weekdays.days).toEqual([0, 1, 3, 5]);
  });

  it.each([
    ['*/60 * * * *', 2, { minutes: [0] }, 'write 0'],
    ['2/60 * * * *', 2, { minutes: [2] }, 'write 2'],
    ['2-20/61 * * * *', 5, { minutes: [2] }, 'write 2'],
    ['0 */24 * * *', 4, { hours: [0] }, 'write 0'],
    ['0 0 */40 * *', 6, { monthDays: { days: [1] } }, 'write 1'],
    ['0 0 * */13 *', 8, { months: [1] }, 'write 1'],
    ['0 0 * * */9999', 10, { weekdays: { days: [0] } }, 'write 0'],
  ])(
    '"%s" has a step wider than its field: the first value counts, with a remark',
    (text, offset, expected, hint) => {
      const remarks: Remark[] = [];
      expect(fields(text, { ...RULES, onRemark: (remark) => remarks.push(remark) })).toMatchObject(expected);
      expect(remarks).toEqual([
        {
          offset,
          message: expect.stringContaining('is wider than the field: only its first value counts'),
          hint,
        },
      ]);
    },
  );

  it('has no remark about a step that its field has room for', () => {
    const onRemark = (remark: Remark) => expect.unreachable(remark.message);
    fields('*/59 */23 */31 */12 */7', { ...RULES, onRemark });
  });
});
