import { describe, expect, it } from 'vitest';
import { findZone } from '../time/find-zone.ts';
import { nextFire } from '../time/next.ts';

import { parseRunAt } from './run-at.ts';

function due(runAt: string, zoneName: string, from: string, count: number): string[] {
  const zone = findZone(zoneName);
  if (zone === undefined) {
    throw new Error(`no zone ${zoneName}`);
  }
  const found: string[] = [];
  let at: number | undefined = Date.parse(from);
  for (let index = 0; index < count && at !== undefined; index += 1) {
    at = nextFire(parseRunAt(runAt), zone, at);
    found.push(at === undefined ? 'never' : new Date(at).toISOString().slice(0, 19));
  }
  return found;
}

describe('RUNAT', () => {
  it('is local time, on days of 23 and 25 hours too', () => {
    expect(due('04:00', 'Europe/Berlin', '2025-03-29T00:00:00Z', 3)).toEqual([
      '2025-03-29T03:00:00',
      '2025-03-30T02:00:00',
      '2025-03-31T02:00:00',
    ]);
    expect(due('04:00', 'Europe/Berlin', '2025-10-25T00:00:00Z', 2)).toEqual([
      '2025-10-25T02:00:00',
      '2025-10-26T03:00:00',
    ]);
  });

  it('in a gap is right after it, and once, also when it is a list', () => {
    expect(due('02:10,02:50', 'Europe/Berlin', '2025-03-30T00:00:00Z', 2)).toEqual([
      '2025-03-30T01:00:00',
      '2025-03-31T00:10:00',
    ]);
  });

  it('that the clock shows twice is the first of the two', () => {
    expect(due('02:30', 'Europe/Berlin', '2025-10-26T00:00:00Z', 2)).toEqual([
      '2025-10-26T00:30:00',
      '2025-10-27T01:30:00',
    ]);
  });

  it('is tomorrow for a start at that very moment or later in that minute, never twice in it', () => {
    expect(due('02:30', 'UTC', '2025-01-01T02:30:00Z', 1)).toEqual(['2025-01-02T02:30:00']);
    expect(due('02:30', 'UTC', '2025-01-01T02:30:30Z', 1)).toEqual(['2025-01-02T02:30:00']);
    expect(due('02:30', 'UTC', '2025-01-01T02:29:59.999Z', 1)).toEqual(['2025-01-01T02:30:00']);
  });

  it('may be a list, have seconds, and an hour of one digit', () => {
    expect(due('14:30, 2:30:15', 'UTC', '2025-01-01T00:00:00Z', 3)).toEqual([
      '2025-01-01T02:30:15',
      '2025-01-01T14:30:00',
      '2025-01-02T02:30:15',
    ]);
  });

  it.each([
    ['24:00', 'midnight is 00:00'],
    ['7:5', 'write 7:05'],
    ['12:60', 'HH:MM from'],
    ['noon', 'HH:MM from'],
    ['02:30,', 'HH:MM from'],
    ['2:30 PM', 'HH:MM from'],
    ['', 'HH:MM from'],
  ])('"%s" is refused with advice', (text, hint) => {
    expect(() => parseRunAt(text)).toThrowError(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining(hint) }),
    );
  });
});
