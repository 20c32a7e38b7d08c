import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz, fuzzTimeout } from '../../core/testing/fuzz.ts';
import { dateOffsets, hasDateOracle } from '../testing/date-oracle.ts';
import { fileZone } from './file-zone.ts';
import { findZone, localZone } from './find-zone.ts';
import { parseZoneFile } from './tzif.ts';
import type { Zone } from './zone.ts';

const DATABASE = '/usr/share/zoneinfo';
const [FIRST, LAST] = [Date.UTC(1970, 0, 2), Date.UTC(2099, 11, 30)];

/** Around every change in the window, and at other moments. */
function telling(zone: Zone, from: number, to: number, others: readonly number[] = []): number[] {
  const instants = [from, to, ...others];
  for (let change = zone.transitionAfter(from, to); change !== undefined; ) {
    expect(zone.offsetAt(change.at - 1000)).toBe(change.before);
    expect(zone.offsetAt(change.at)).toBe(change.after);
    instants.push(change.at - 1000, change.at, change.at + 1000);
    change = zone.transitionAfter(change.at, to);
  }
  return instants;
}

function compare(
  tz: string,
  from: number,
  to: number,
  others: readonly number[] = [],
  database?: string,
): void {
  const zone = localZone(tz);
  if (zone === undefined) {
    throw new Error(`TZ=${tz} is not read`);
  }
  const instants = telling(zone, from, to, others);
  const wrong = dateOffsets(tz, instants, database).flatMap((offset, index) => {
    const instant = instants[index] ?? 0;
    const found = zone.offsetAt(instant);
    return found === offset ? [] : [`${new Date(instant).toISOString()}: ${found}, date says ${offset}`];
  });
  expect(wrong, `TZ=${tz}`).toEqual([]);
}

const two = (value: number) => String(value).padStart(2, '0');
const name = fc.constantFrom('CET', 'EST', 'ABCDEFG', '<+03>', '<-0330>', '<A1b>');
const clock = (max: number) =>
  fc.oneof(
    fc.integer({ min: 0, max }).map(String),
    fc.tuple(fc.integer({ min: 0, max }), fc.integer({ min: 0, max: 59 })).map(([h, m]) => `${h}:${two(m)}`),
    fc
      .tuple(fc.integer({ min: 0, max }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 59 }))
      .map(([h, m, s]) => `${two(h)}:${m}:${two(s)}`),
  );
const offset = fc.tuple(fc.constantFrom('', '-', '+'), clock(24)).map((parts) => parts.join(''));
const date = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 6 }))
      .map((parts) => `M${parts.join('.')}`),
  },
  fc.integer({ min: 1, max: 365 }).map((day) => `J${day}`),
  fc.integer({ min: 0, max: 365 }).map(String),
);
const time = fc.oneof(
  fc.constant(''),
  fc.tuple(fc.constantFrom('/', '/-'), clock(167)).map((parts) => parts.join('')),
);
const change = fc.tuple(date, time).map((parts) => parts.join(''));
const fixed = fc.tuple(fc.constantFrom('', ':'), name, offset).map((parts) => parts.join(''));
const withSummer = fc
  .tuple(fixed, name, fc.oneof(fc.constant(''), offset), change, change)
  .map(([standard, summer, own, start, end]) => `${standard}${summer}${own},${start},${end}`);
const instant = fc.integer({ min: FIRST / 1000, max: LAST / 1000 }).map((seconds) => seconds * 1000);

describe.runIf(hasDateOracle)("a zone is what the system's own date shows", () => {
  it.each([
    'UTC0',
    'MST7',
    'JST-9',
    '<+03>-3',
    '<-03>3',
    ':EST5',
    'NZST-12NZDT,M9.5.0,M4.1.0/3',
    'EST5EDT,M3.2.0,M11.1.0',
    'CET-1CEST,M3.5.0,M10.5.0/3',
    'IST-1GMT0,M10.5.0,M3.5.0/1',
    '<-02>2<-01>,M3.5.0/-1,M10.5.0/0',
    'EST5EDT4,0/0,J365/25',
    'XXX3EDT,J60/0,J300',
    'AAA-24BBB-25,1,360',
    'Etc/GMT+5',
    'posix/Europe/Berlin',
    ':/etc/localtime',
    `${DATABASE}/America/Sao_Paulo`,
    `:${DATABASE}/Australia/Lord_Howe`,
    '',
    ':',
  ])('for TZ=%s', (tz) => {
    compare(tz, FIRST, LAST);
  });

  // With a file named posixrules in its database the C library computes these from New York's changes, as instants.
  it.each(['CET-1CEST', 'EST5EDT4,', 'XXX-3:30YYY'])('for TZ=%s, whose dates are left open', (tz) => {
    compare(tz, FIRST, LAST, [], '/nonexistent');
  });

  it('for every rule that POSIX allows', { timeout: fuzzTimeout(200, 60_000) }, () => {
    fc.assert(
      fc.property(fc.oneof(fixed, withSummer), fc.array(instant, { maxLength: 20 }), (tz, others) =>
        compare(tz, Date.UTC(1999, 0, 1), Date.UTC(2010, 0, 1), others),
      ),
      fuzz(200),
    );
  });

  it('for every file of the tz database', { timeout: 120_000 }, () => {
    const names = readdirSync(DATABASE, { recursive: true, encoding: 'utf8' })
      .filter((entry) => /^[A-Z]/.test(entry))
      .filter((entry) => statSync(join(DATABASE, entry)).isFile());
    expect(names.length).toBeGreaterThan(300);
    const seen = new Set<string>();
    for (const file of names) {
      const path = join(DATABASE, file);
      const content = readFileSync(path, 'latin1');
      if (!seen.has(content)) {
        seen.add(content);
        expect(findZone(file), file).toBeDefined();
        compare(path, FIRST, Date.UTC(2050, 0, 1));
      }
    }
  });
});

describe('what is no zone', () => {
  it.each([
    'Mars/Olympus',
    'EST5EDT,M3.2.0',
    'EST5EDT,M13.2.0,M11.1.0',
    'EST5EDT,M3.6.0,M11.1.0',
    'EST5EDT,J0,J365',
    'EST5EDT,M3.2.0/,M11.1.0',
    'EST5EDT,M3.2.0,M11.1.0,',
    'EST5EDT M3.2.0,M11.1.0',
    'E5',
    '<+03-3',
    '-3',
    '../../etc/passwd',
    '/etc/passwd',
    '/dev/null',
    '/usr/share/zoneinfo',
    '/no/such/file',
    'right/UTC',
  ])('is not read: %s', (tz) => {
    expect(localZone(tz)).toBeUndefined();
  });

  it('is not read however long it is', () => {
    expect(localZone('x'.repeat(1_000_000))).toBeUndefined();
  });

  it('is a zone file with any byte changed or missing, or else a zone that answers', {
    timeout: fuzzTimeout(1000),
  }, () => {
    const good =
      fileZone('x', join(DATABASE, 'Europe/Berlin')) === undefined
        ? undefined
        : readFileSync(join(DATABASE, 'Europe/Berlin'));
    const bytes = good ?? Buffer.from('TZif2');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        for (const candidate of [damaged, bytes.subarray(0, length)]) {
          expect(() => parseZoneFile(candidate)).not.toThrow();
        }
      }),
      fuzz(1000),
    );
  });
});
