import { describe, expect, it } from 'vitest';
import { findZone, localZone, zoneAdvice } from './find-zone.ts';

describe('a time zone', () => {
  it('is found by its name in the tz database, or not at all', () => {
    expect(findZone('Europe/Berlin')?.offsetAt(Date.UTC(2025, 6, 1))).toBe(7_200_000);
    expect(findZone('UTC')?.offsetAt(0)).toBe(0);
    expect(findZone('Mars/Olympus')).toBeUndefined();
    expect(findZone('')).toBeUndefined();
  });

  it('knows the changes around New Year', () => {
    // Sao Tome went an hour back in the first night of 2019.
    const change = findZone('Africa/Sao_Tome')?.transitionAfter(Date.UTC(2018, 11, 1), Date.UTC(2019, 5, 1));
    expect(new Date(change?.at ?? 0).toISOString().slice(0, 13)).toBe('2019-01-01T01');
    expect((change?.after ?? 0) - (change?.before ?? 0)).toBe(-3_600_000);
  });

  it('reports no change that is later than asked for', () => {
    const zone = findZone('Europe/Berlin');
    expect(zone?.transitionAfter(Date.UTC(2025, 0, 1), Date.UTC(2025, 1, 1))).toBeUndefined();
    expect(zone?.transitionAfter(Date.UTC(2025, 2, 30, 1), Date.UTC(2025, 2, 31))).toBeUndefined();
    expect(zone?.transitionAfter(Date.UTC(2025, 2, 30, 1) - 1, Date.UTC(2025, 2, 31))?.at).toBe(
      Date.UTC(2025, 2, 30, 1),
    );
  });

  it('of the process is what TZ says, with or without a colon', () => {
    expect(localZone('UTC')?.name).toBe('UTC');
    expect(localZone(':Etc/UTC')?.name).toBe('Etc/UTC');
    expect(localZone('')?.name).toBe('UTC');
    expect(localZone(undefined)?.offsetAt(0)).toEqual(expect.any(Number));
    expect(localZone('Mars/Olympus')).toBeUndefined();
  });

  it('has a name whose case counts, as for the C library, but for UTC, which that takes for what it does not know', () => {
    for (const name of ['europe/berlin', 'EUROPE/BERLIN', ':Europe/berlin', 'us/eastern', 'prc']) {
      expect(localZone(name), name).toBeUndefined();
      expect(findZone(name), name).toBeUndefined();
    }
    expect(zoneAdvice(':europe/berlin')).toBe('did you mean Europe/Berlin?');
    expect(zoneAdvice('Mars/Olympus')).toContain('a name such as');
    expect(localZone('utc')?.offsetAt(0)).toBe(0);
  });
});
