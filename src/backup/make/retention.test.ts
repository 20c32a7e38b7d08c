import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../model.ts';
import { type RetentionRules, removable } from './retention.ts';

const NONE: RetentionRules = {
  keepLast: 0,
  keepHourly: 0,
  keepDaily: 0,
  keepWeekly: 0,
  keepMonthly: 0,
  keepWithin: 0,
};
const at = (text: string, isPartial = false): Snapshot => ({ id: text, time: Date.parse(text), isPartial });
const now = Date.parse('2026-03-10T12:00:00Z');
const snapshots = [
  '2026-03-10T10:30:00Z',
  '2026-03-10T10:00:00Z',
  '2026-03-09T23:00:00Z',
  '2026-03-09T01:00:00Z',
  '2026-03-08T01:00:00Z',
  '2026-03-01T01:00:00Z',
  '2026-02-28T01:00:00Z',
  '2025-12-31T23:59:59Z',
].map((text) => at(text));
const newest = new Set([snapshots[0]?.id ?? '']);

function kept(rules: Partial<RetentionRules>, list = snapshots, verified: ReadonlySet<string> = newest) {
  const gone = new Set(removable(list, { ...NONE, ...rules }, verified, now).map(({ id }) => id));
  return list.flatMap(({ id }) => (gone.has(id) ? [] : [id.slice(0, 16)]));
}

describe('retention', () => {
  it('removes nothing without a rule', () => {
    expect(removable(snapshots, NONE, newest, now)).toEqual([]);
  });

  it.each([
    [{ keepLast: 2 }, ['2026-03-10T10:30', '2026-03-10T10:00']],
    [{ keepDaily: 3 }, ['2026-03-10T10:30', '2026-03-09T23:00', '2026-03-08T01:00']],
    [{ keepHourly: 2 }, ['2026-03-10T10:30', '2026-03-09T23:00']],
    [{ keepWeekly: 2 }, ['2026-03-10T10:30', '2026-03-08T01:00']],
    [{ keepMonthly: 3 }, ['2026-03-10T10:30', '2026-02-28T01:00', '2025-12-31T23:59']],
    [{ keepWithin: 24 * 3_600_000 }, ['2026-03-10T10:30', '2026-03-10T10:00', '2026-03-09T23:00']],
    [{ keepLast: 1, keepMonthly: 2 }, ['2026-03-10T10:30', '2026-02-28T01:00']],
  ])('%j keeps %j', (rules, expected) => {
    expect(kept(rules)).toEqual(expected);
  });

  it('removes nothing while no snapshot is known to be good', () => {
    expect(removable(snapshots, { ...NONE, keepLast: 1 }, new Set(), now)).toEqual([]);
  });

  it('keeps the last snapshot that is known to be good, however old', () => {
    expect(kept({ keepLast: 1 }, snapshots, new Set(['2025-12-31T23:59:59Z']))).toEqual([
      '2026-03-10T10:30',
      '2025-12-31T23:59',
    ]);
  });

  it('counts no partial snapshot, and removes it once a whole one is newer', () => {
    const list = [
      at('2026-03-10T11:00:00Z', true),
      ...snapshots.slice(0, 2),
      at('2026-03-01T00:00:00Z', true),
    ];
    expect(kept({ keepLast: 1 }, list)).toEqual(['2026-03-10T11:00', '2026-03-10T10:30']);
  });

  it('never removes the last verified snapshot, whatever the rules and snapshots', () => {
    const rules = fc.record({
      keepLast: fc.nat(5),
      keepHourly: fc.nat(5),
      keepDaily: fc.nat(5),
      keepWeekly: fc.nat(5),
      keepMonthly: fc.nat(5),
      keepWithin: fc.nat(10 ** 9),
    });
    const list = fc.array(fc.record({ time: fc.nat(10 ** 11), isPartial: fc.boolean() }), { minLength: 1 });
    fc.assert(
      fc.property(rules, list, fc.nat(), (given, times, pick) => {
        const sorted = times
          .toSorted((a, b) => b.time - a.time)
          .map((item, index) => ({ ...item, id: String(index) }));
        const verified = String(pick % sorted.length);
        const gone = removable(sorted, given, new Set([verified]), 10 ** 11);
        expect(gone.map(({ id }) => id)).not.toContain(verified);
      }),
    );
  });
});
