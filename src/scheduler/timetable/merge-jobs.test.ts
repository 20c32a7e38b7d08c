import { describe, expect, it } from 'vitest';
import { expectLinear } from '../../core/testing/linear.ts';
import type { JobEntry } from '../runs/job.ts';
import { jobsFrom } from '../testing/jobs.ts';
import { findZone } from '../time/find-zone.ts';

import { mergeJobs } from './merge-jobs.ts';

const NOW = Date.parse('2025-06-01T00:00:10Z');
const UTC = findZone('UTC');
if (UTC === undefined) {
  throw new Error('no UTC');
}
const context = { defaultZone: UTC, podName: 'pod-0' };

const merge = (old: readonly JobEntry[], lines: string, now = NOW) =>
  mergeJobs(old, jobsFrom(lines), now, context);

describe('a new list of jobs', () => {
  it('keeps the entry of a job that means the same, wherever it stands now', () => {
    const { entries } = merge([], '@every 90s tick\n* * * * * other\n');
    const change = merge(entries, '* * * * * other\n@every 90s tick\n', NOW + 60_000);
    expect(change.entries.map(({ job }) => job)).toEqual([entries[1]?.job, entries[0]?.job]);
    expect(change.entries[1]?.due).toBe(entries[0]?.due);
    expect(change).toMatchObject({ added: [], retired: [], changed: 0 });
  });

  it('keeps runs and history of a job that has changed, under its new schedule', () => {
    const { entries } = merge([], '0 1 * * * backup\n');
    const { entries: next, changed } = merge(entries, '0 2 * * * backup\n');
    expect(next[0]?.job).toBe(entries[0]?.job);
    expect(next[0]?.due).toBe(Date.parse('2025-06-01T02:00:00Z'));
    expect(changed).toBe(1);
  });

  it('retires a job that is gone', () => {
    const { entries } = merge([], '0 1 * * * a\n0 2 * * * b\n');
    const { retired, added } = merge(entries, '0 2 * * * b\n0 3 * * * c\n');
    expect(retired.map(({ spec }) => spec.name)).toEqual(['a']);
    expect(added.map(({ spec }) => spec.name)).toEqual(['c']);
  });

  it('takes a job back that was taken out while it ran', () => {
    const { entries } = merge([], '0 1 * * * a\n');
    const { retired } = merge(entries, '');
    const back = mergeJobs([], jobsFrom('0 1 * * * a\n'), NOW, context, retired);
    expect(back.entries[0]?.job).toBe(entries[0]?.job);
    expect(back.entries[0]?.job.retired).toBe(false);
  });

  it('of 20,000 jobs that mean the same is merged in linear time', () => {
    const equal = (length: number) =>
      jobsFrom('0 1 * * * a\n').flatMap((job) =>
        Array.from({ length }, (_, index) => ({ ...job, name: `a-${index}` })),
      );
    const entriesOf = (length: number) => mergeJobs([], equal(length), NOW, context).entries;
    expectLinear(
      (entries) => {
        const specs = entries.map(({ spec }) => ({ ...spec }));
        return mergeJobs(entries, specs, NOW, context);
      },
      entriesOf,
      { length: 20_000, limitMs: 500 },
    );
    const entries = entriesOf(100);
    const { entries: next } = mergeJobs(entries, equal(100), NOW, context);
    expect(next.map(({ job }) => job)).toEqual(entries.map(({ job }) => job));
  });
});
