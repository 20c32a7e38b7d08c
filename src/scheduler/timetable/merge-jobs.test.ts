import { describe, expect, it } from 'vitest';
import type { JobEntry } from '../runs/job.ts';
import { specsOf } from '../testing/fakes.ts';
import { findZone } from '../time/zone.ts';
import { nextTable } from './merge-jobs.ts';

const NOW = Date.parse('2025-06-01T00:00:10Z');

function table(old: readonly JobEntry[], text: string, now = NOW) {
  const defaultZone = findZone('UTC');
  if (defaultZone === undefined) {
    throw new Error('no UTC');
  }
  return nextTable(old, specsOf(text), now, { defaultZone, podName: 'pod-0' });
}

describe('a new table', () => {
  it('keeps the entry of a job whose line says the same, wherever it stands now', () => {
    const { entries } = table([], '@every 90s tick\n* * * * * other\n');
    const change = table(entries, '# a comment\n* * * * * other\n\n@every 90s tick\n', NOW + 60_000);
    expect(change.entries.map(({ job }) => job)).toEqual([entries[1]?.job, entries[0]?.job]);
    expect(change.entries[1]?.due).toBe(entries[0]?.due);
    expect(change).toMatchObject({ added: [], retired: [], changed: 0 });
  });

  it('keeps runs and history of a job that has changed, under its new schedule', () => {
    const { entries } = table([], '0 1 * * * backup\n');
    const { entries: next, changed } = table(entries, '0 2 * * * backup --all\n');
    expect(next[0]?.job).toBe(entries[0]?.job);
    expect(next[0]?.due).toBe(Date.parse('2025-06-01T02:00:00Z'));
    expect(changed).toBe(1);
  });

  it('retires a job that is gone', () => {
    const { entries } = table([], '0 1 * * * a\n0 1 * * * b\n');
    const { retired, added } = table(entries, '0 1 * * * b\n0 1 * * * c\n');
    expect(retired.map(({ spec }) => spec.name)).toEqual(['a']);
    expect(added.map(({ spec }) => spec.name)).toEqual(['c']);
  });

  it('takes a job back that was taken out while it ran', () => {
    const { entries } = table([], '0 1 * * * a\n');
    const { retired } = table(entries, '');
    const utc = findZone('UTC');
    if (utc === undefined) {
      throw new Error('no UTC');
    }
    const back = nextTable([], specsOf('0 1 * * * a\n'), NOW, { defaultZone: utc, podName: '' }, retired);
    expect(back.entries[0]?.job).toBe(entries[0]?.job);
    expect(back.entries[0]?.job.retired).toBe(false);
  });
});
