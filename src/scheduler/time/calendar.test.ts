import { Cron } from 'croner';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../grammar/expression.ts';
import type { CalendarSchedule } from '../model.ts';
import { nextWall } from './calendar.ts';

function calendar(expression: string, dayRule: 'vixie' | 'or' = 'vixie'): CalendarSchedule {
  const schedule = parseExpression(expression, { sixth: 'year', dayRule, hashKey: '' });
  if (schedule.kind !== 'calendar') {
    throw new Error(`${expression} is not a calendar schedule`);
  }
  return schedule;
}

function after(expression: string, from: string, count = 1, dayRule: 'vixie' | 'or' = 'vixie'): string[] {
  const schedule = calendar(expression, dayRule);
  const found: string[] = [];
  let wall: number | undefined = Date.parse(`${from}Z`);
  for (let index = 0; index < count; index += 1) {
    wall = nextWall(schedule, wall + 1);
    if (wall === undefined) {
      return [...found, 'never'];
    }
    found.push(new Date(wall).toISOString().slice(0, 19));
  }
  return found;
}

describe('the next wall time of an expression', () => {
  it.each([
    ['0 0 1W * *', '2025-01-02T00:00:00', '2025-02-03T00:00:00'],
    ['0 0 29 2 *', '2096-03-01T00:00:00', 'never'],
    ['0 0 31 2 *', '2013-01-01T00:00:00', 'never'],
    ['0 0 * * 6-7', '2025-01-06T00:00:00', '2025-01-11T00:00:00'],
    ['0 0 * * friL', '2025-01-06T00:00:00', '2025-01-31T00:00:00'],
    ['0 0 * January Monday', '2025-01-06T00:00:00', '2025-01-13T00:00:00'],
    ['59 23 31 12 * 2099', '2013-01-01T00:00:00', '2099-12-31T23:59:00'],
    ['5/20 4 * * *', '2013-01-01T04:26:00', '2013-01-01T04:45:00'],
  ])('of "%s" after %s is %s', (expression, from, expected) => {
    expect(after(expression, from)).toEqual([expected]);
  });

  it('wants both day fields when one begins with a star, as Vixie cron does', () => {
    expect(after('0 0 */2 * mon', '2025-06-01T00:00:00', 2)).toEqual([
      '2025-06-09T00:00:00',
      '2025-06-23T00:00:00',
    ]);
  });

  it('takes either day field when a step counts as a restriction, as supercronic does', () => {
    expect(after('0 0 */2 * mon', '2025-06-01T00:00:00', 3, 'or')).toEqual([
      '2025-06-02T00:00:00',
      '2025-06-03T00:00:00',
      '2025-06-05T00:00:00',
    ]);
  });

  it('takes either day field when both are given as numbers', () => {
    expect(after('0 0 13 * 5', '2025-06-01T00:00:00', 3)).toEqual([
      '2025-06-06T00:00:00',
      '2025-06-13T00:00:00',
      '2025-06-20T00:00:00',
    ]);
  });

  it('agrees with croner wherever both speak the same language', () => {
    const number = (min: number, max: number) => fc.integer({ min, max });
    const simple = (min: number, max: number) =>
      fc.oneof(
        fc.constant('*'),
        number(min, max).map(String),
        number(1, Math.max(2, Math.floor(max / 3))).map((step) => `*/${step}`),
        fc.tuple(number(min, max), number(min, max)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
        fc.tuple(number(min, max), number(min, max)).map(([a, b]) => `${a},${b}`),
      );
    const days = fc.oneof(simple(1, 31), fc.constantFrom('L', 'LW', '15W', '1W', '1,L'));
    const weekdays = fc.oneof(simple(0, 6), fc.constantFrom('5L', '1#2', 'mon-fri', '5#5', '6-7'));
    const fields = fc.tuple(
      simple(0, 59),
      simple(0, 59),
      simple(0, 23),
      days,
      simple(1, 12),
      weekdays,
      fc.constantFrom('*', '2028', '2025-2030'),
    );
    const starts = number(Date.UTC(2020, 0, 1), Date.UTC(2026, 0, 1));
    fc.assert(
      fc.property(fields, starts, (parts, start) => {
        const expression = parts.join(' ');
        // croner ORs the day fields unless one is a plain star: supercronic's rule.
        const ours = nextWall(calendar(expression, 'or'), start + 1);
        const theirs = new Cron(expression, { paused: true, utcOffset: 0, mode: '7-part' }).nextRun(
          new Date(start),
        );
        expect(ours ?? null, expression).toBe(theirs?.getTime() ?? null);
      }),
      { numRuns: 1500 },
    );
  });
});
