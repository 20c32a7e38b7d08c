import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../grammar/expression.ts';
import type { CalendarSchedule } from '../model.ts';
import { walkVixie } from '../testing/vixie-walker.ts';
import { icuZone } from './icu-zone.ts';
import { nextFire } from './next.ts';
import type { Transition, Zone } from './zone.ts';

const RULES = { sixth: 'year', dayRule: 'vixie', hashKey: '' } as const;
const ZONES = Intl.supportedValuesOf('timeZone');
const HOUR_MS = 3_600_000;
const YEARS: [number, number] = [Date.UTC(1970, 0, 1), Date.UTC(2099, 11, 31)];

const zones = new Map<string, Zone>();

/** From the data of the oracle, which may be older or newer than the system's. */
function zone(name: string): Zone {
  const found = zones.get(name) ?? icuZone(name);
  if (found === undefined) {
    throw new Error(`no zone ${name}`);
  }
  zones.set(name, found);
  return found;
}

function calendar(expression: string): CalendarSchedule {
  const schedule = parseExpression(expression, RULES);
  if (schedule.kind !== 'calendar') {
    throw new Error(`${expression} is not a calendar schedule`);
  }
  return schedule;
}

function transitions(zoneName: string, from: number, to: number): Transition[] {
  const found: Transition[] = [];
  let change = zone(zoneName).transitionAfter(from, to);
  while (change !== undefined) {
    found.push(change);
    change = zone(zoneName).transitionAfter(change.at, to);
  }
  return found;
}

/** What a clock in the zone shows, asked of ICU directly and not of our table. */
function wallClock(zoneName: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zoneName,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (instant) => Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
}

const minuteField = fc.oneof(
  fc.constantFrom('*', '*/7', '*/15', '*/30', '0', '0,30', '5-20/5', '59'),
  fc.integer({ min: 0, max: 59 }).map(String),
);
const hourField = fc.oneof(
  fc.constantFrom('*', '*/2', '0', '1', '2', '3', '0-3', '1,2,3', '23', '22-23'),
  fc.integer({ min: 0, max: 23 }).map(String),
);
const dayFields = fc.constantFrom(
  '* * *',
  '* * *',
  '*/2 * *',
  '* * 0',
  '1-7 * 0',
  'L * *',
  '* * 0L',
  '* 3,10 *',
);
const expressions = fc.tuple(minuteField, hourField, dayFields).map((fields) => fields.join(' '));

const changes = fc
  .constantFrom(...ZONES)
  .chain((zoneName) =>
    fc.tuple(fc.constant(zoneName), fc.integer({ min: YEARS[0], max: YEARS[1] - 3 * 366 * 24 * HOUR_MS })),
  )
  .map(([zoneName, from]) => ({
    zoneName,
    // The next change after a random moment; a zone without one is walked at that moment.
    at: zone(zoneName).transitionAfter(from, YEARS[1])?.at ?? from,
  }));

function compare(expression: string, zoneName: string, at: number): void {
  const schedule = calendar(expression);
  const from = Math.floor((at - 12 * HOUR_MS) / 60_000) * 60_000;
  const to = from + 30 * HOUR_MS;
  const expected = walkVixie(schedule, wallClock(zoneName), from, to).filter(
    (due) => due > from + 6 * HOUR_MS,
  );
  const found: number[] = [];
  for (let due = from + 6 * HOUR_MS; ; ) {
    const next = nextFire(schedule, zone(zoneName), due);
    if (next === undefined || next > to) {
      break;
    }
    expect(next).toBeGreaterThan(due);
    found.push(next);
    due = next;
  }
  const iso = (instants: number[]) => instants.map((instant) => new Date(instant).toISOString());
  expect(iso(found), `${expression} in ${zoneName}`).toEqual(iso(expected));
}

describe('the next due time in every zone of the tz database', () => {
  it('is what a minute-by-minute walk finds around random changes of random zones', {
    timeout: 120_000,
  }, () => {
    fc.assert(
      fc.property(changes, expressions, ({ zoneName, at }, expression) => compare(expression, zoneName, at)),
      { numRuns: 150 },
    );
  });

  it('is what the walk finds at the most unusual change of each zone', { timeout: 120_000 }, () => {
    const walked = new Set<string>();
    for (const zoneName of ZONES) {
      const all = transitions(zoneName, YEARS[0], Date.UTC(2040, 0, 1));
      const oddness = ({ before, after }: Transition) => Math.abs(Math.abs(after - before) - HOUR_MS);
      const oddest = all.toSorted((a, b) => oddness(b) - oddness(a))[0];
      // Zones that share a change (all of Central Europe) need not be walked one by one.
      if (oddest !== undefined && !walked.has(JSON.stringify(oddest))) {
        walked.add(JSON.stringify(oddest));
        compare('30 0,1,2 * * *', zoneName, oddest.at);
        compare('*/30 * * * *', zoneName, oddest.at);
      }
    }
  });

  it('is later than the moment it is asked for, at every change of every zone', { timeout: 120_000 }, () => {
    const schedules = ['30 2 * * *', '*/15 * * * *', '0 0 * * *'].map(calendar);
    for (const zoneName of ZONES) {
      for (const { at } of transitions(zoneName, YEARS[0], YEARS[1])) {
        for (const schedule of schedules) {
          for (const start of [at - HOUR_MS, at - 1, at, at + 1]) {
            const next = nextFire(schedule, zone(zoneName), start);
            if (next === undefined || next <= start || next > start + 49 * HOUR_MS) {
              throw new Error(`${zoneName}: ${new Date(start).toISOString()} -> ${next}`);
            }
          }
        }
      }
    }
  });
});
