import { describe, expect, it } from 'vitest';
import { parseExpression } from '../grammar/expression.ts';
import { findZone } from './find-zone.ts';
import { nextFire } from './next.ts';
import type { Zone } from './zone.ts';

const RULES = { sixth: 'year', dayRule: 'vixie', hashKey: 'pod\njob' } as const;

function zone(name: string): Zone {
  const found = findZone(name);
  if (found === undefined) {
    throw new Error(`no zone ${name}`);
  }
  return found;
}

/** The first `count` due times after a local-offset instant, written with the wall clock and offset of that moment. */
function due(expression: string, zoneName: string, from: string, count: number): string[] {
  const schedule = parseExpression(expression, RULES);
  const found: string[] = [];
  let at: number | undefined = Date.parse(from);
  for (let index = 0; index < count; index += 1) {
    at = nextFire(schedule, zone(zoneName), at);
    if (at === undefined) {
      break;
    }
    found.push(shown(at, zone(zoneName).offsetAt(at)));
  }
  return found;
}

function shown(instant: number, offset: number): string {
  const wall = new Date(instant + offset).toISOString().slice(5, 16).replace('T', ' ');
  const minutes = Math.abs(offset) / 60_000;
  const text = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return `${wall}${offset < 0 ? '-' : '+'}${text}`;
}

/** Runs of Debian's cron, measured under a faked clock. */
const MEASURED: [zone: string, expression: string, from: string, expected: string[]][] = [
  ['America/New_York', '30 2 * * *', '2025-03-09T01:00-05:00', ['03-09 03:00-04:00', '03-10 02:30-04:00']],
  ['America/New_York', '0 2 * * *', '2025-03-09T01:00-05:00', ['03-09 03:00-04:00', '03-10 02:00-04:00']],
  [
    'America/New_York',
    '*/30 * * * *',
    '2025-03-09T01:00-05:00',
    ['03-09 01:30-05:00', '03-09 03:00-04:00', '03-09 03:30-04:00'],
  ],
  ['America/New_York', '30 1 * * *', '2025-11-02T00:30-04:00', ['11-02 01:30-04:00', '11-03 01:30-05:00']],
  [
    'America/New_York',
    '0 * * * *',
    '2025-11-02T00:30-04:00',
    ['11-02 01:00-04:00', '11-02 01:00-05:00', '11-02 02:00-05:00'],
  ],
  [
    'America/New_York',
    '*/30 1 * * *',
    '2025-11-02T00:30-04:00',
    ['11-02 01:00-04:00', '11-02 01:30-04:00', '11-02 01:00-05:00', '11-02 01:30-05:00', '11-03 01:00-05:00'],
  ],
  ['Europe/Berlin', '30 2 * * *', '2025-10-26T01:00+02:00', ['10-26 02:30+02:00', '10-27 02:30+01:00']],
  [
    'Australia/Lord_Howe',
    '*/15 * * * *',
    '2025-04-06T01:15+11:00',
    ['04-06 01:30+11:00', '04-06 01:45+11:00', '04-06 01:30+10:30', '04-06 01:45+10:30', '04-06 02:00+10:30'],
  ],
  [
    'Australia/Lord_Howe',
    '*/15 * * * *',
    '2025-10-05T01:30+10:30',
    ['10-05 01:45+10:30', '10-05 02:30+11:00', '10-05 02:45+11:00'],
  ],
  ['Australia/Lord_Howe', '15 2 * * *', '2025-10-05T01:30+10:30', ['10-05 02:30+11:00', '10-06 02:15+11:00']],
  ['America/Sao_Paulo', '0 0 * * *', '2018-11-03T12:00-03:00', ['11-04 01:00-02:00', '11-05 00:00-02:00']],
  ['Africa/Cairo', '30 0 * * *', '2024-04-25T12:00+02:00', ['04-26 01:00+03:00', '04-27 00:30+03:00']],
];

describe('the next due time on days when clocks change', () => {
  it.each(MEASURED)('is what cron did in %s for %s after %s', (zoneName, expression, from, expected) => {
    expect(due(expression, zoneName, from, expected.length)).toEqual(expected);
  });

  it('is one run for all the times of a list that one gap swallowed', () => {
    expect(due('0,15,30 2 * * *', 'America/New_York', '2025-03-09T01:00-05:00', 2)).toEqual([
      '03-09 03:00-04:00',
      '03-10 02:00-04:00',
    ]);
  });

  it('is not made up for when a whole day is left out, as in Samoa in 2011', () => {
    expect(due('30 2 * * *', 'Pacific/Apia', '2011-12-29T01:00-10:00', 2)).toEqual([
      '12-29 02:30-10:00',
      '12-31 02:30+14:00',
    ]);
  });

  it('does not repeat a fixed time when the search starts within the second pass', () => {
    expect(due('30 1 * * *', 'America/New_York', '2025-11-02T01:10-05:00', 1)).toEqual(['11-03 01:30-05:00']);
  });

  it('counts every interval from its anchor, whatever the wall clock does', () => {
    const schedule = parseExpression('@every 90s', RULES);
    expect(nextFire(schedule, zone('UTC'), 1_000_000, 1_000_000)).toBe(1_090_000);
    expect(nextFire(schedule, zone('UTC'), 1_089_999, 1_000_000)).toBe(1_090_000);
    expect(nextFire(schedule, zone('UTC'), 1_090_000, 1_000_000)).toBe(1_180_000);
  });
});
