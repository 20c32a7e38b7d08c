import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import type { JobPolicy } from '../job-spec.ts';
import { type ActiveRun, createJob, type JobEntry, type RunReport } from '../runs/job.ts';
import { jobsFrom } from '../testing/jobs.ts';
import { findZone } from '../time/find-zone.ts';

import { dueAfter } from '../timetable/entry.ts';
import { newestDue } from './missed.ts';
import { openStateFile } from './state-file.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SUCCESS: RunReport = {
  result: 'success',
  text: '',
  exitCode: 0,
  signal: undefined,
  attempts: 1,
  durationMs: 1,
  outputBytes: 0,
  abandoned: false,
};
let directory = '';
let path = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pillion-state-'));
  path = join(directory, 'state.json');
});
// A write that the test does not wait for may still be under way.
afterEach(() => rm(directory, { recursive: true, maxRetries: 50, retryDelay: 20 }));

function entryOf(line: string, policy: Partial<JobPolicy> = {}): JobEntry {
  const name = line.slice(line.lastIndexOf(' ') + 1);
  const [spec] = jobsFrom(line, { [name]: policy });
  const zone = findZone('UTC');
  if (zone === undefined || spec === undefined) {
    throw new Error('no UTC, or no job');
  }
  const entry = { spec, zone, jitterMs: 0, anchor: 0, job: createJob(spec) };
  return { ...entry, due: dueAfter(entry, 0) };
}

function runOf(entry: JobEntry, scheduled: number): ActiveRun {
  return {
    cause: 'schedule',
    scheduled,
    wantedAt: scheduled,
    id: 'x',
    spec: entry.spec,
    iteration: 1,
    startedAt: scheduled,
    stats: entry.job.stats,
    stop: new AbortController(),
    kill: new AbortController(),
    done: Promise.resolve(),
  };
}

const open = () => openStateFile(path, createRecordedLog(0).log);
const nightly = () => entryOf('0 2 * * * backup', { catchUpMs: 2 * DAY_MS });
const JUNE_1 = Date.parse('2025-06-01T00:00:00Z');
const at = (day: number, hour: number) => JUNE_1 + (day - 1) * DAY_MS + hour * HOUR_MS;

describe('catching up with a state file', () => {
  it('misses nothing of a job it sees for the first time', async () => {
    const state = await open();
    expect(state.missed([nightly()], at(3, 5))).toEqual([]);
    await state.flush();
    const again = await open();
    expect(again.missed([nightly()], at(3, 6))).toEqual([]);
  });

  it('gives the newest start that was missed while nothing ran, once', async () => {
    const entry = nightly();
    const before = await open();
    before.missed([entry], at(1, 0));
    await before.started?.(runOf(entry, at(1, 2)));
    before.ended?.(runOf(entry, at(1, 2)), SUCCESS);
    await before.flush();

    const after = await open();
    expect(after.missed([entry], at(3, 5)).map(({ scheduled }) => scheduled)).toEqual([at(3, 2)]);
    await after.started?.(runOf(entry, at(3, 2)));
    after.ended?.(runOf(entry, at(3, 2)), SUCCESS);
    await after.flush();
    const third = await open();
    expect(third.missed([entry], at(3, 6))).toEqual([]);
  });

  it('leaves out what is older than its window, and jobs that do not want it', async () => {
    const state = await open();
    const [entry, other] = [entryOf('0 2 * * * a', { catchUpMs: HOUR_MS }), entryOf('0 2 * * * b')];
    state.missed([entry, other], at(1, 0));
    expect(state.missed([entry, other], at(2, 5))).toEqual([]);
    expect(state.missed([entry, other], at(3, 2.5)).map(({ entry: one }) => one)).toEqual([entry]);
  });

  it('begins a run again once when it was killed with its container, not for ever', async () => {
    const entry = nightly();
    const starts: number[] = [];
    for (let restart = 0; restart < 5; restart += 1) {
      const state = await open();
      for (const { scheduled } of state.missed([entry], at(1, 2) + restart * 1000)) {
        starts.push(scheduled);
        await state.started?.(runOf(entry, scheduled));
      }
      if (restart === 0) {
        await state.started?.(runOf(entry, at(1, 2)));
      }
    }
    expect(starts).toEqual([at(1, 2)]);
  });

  it.each([
    ['cut off', '{"version":1,"jobs":{"a":'],
    ['of another version', '{"version":2,"jobs":{}}'],
    [
      'with an instant that is no date',
      '{"version":1,"jobs":{"backup":{"scheduled":1e300,"finished":true,"tries":0}}}',
    ],
    [
      'with an instant before 1970',
      '{"version":1,"jobs":{"backup":{"scheduled":-1,"finished":true,"tries":0}}}',
    ],
    ['with a fraction', '{"version":1,"jobs":{"backup":{"scheduled":1.5,"finished":true,"tries":0}}}'],
    ['with endless tries', '{"version":1,"jobs":{"backup":{"scheduled":1,"finished":false,"tries":1e9}}}'],
    ['with a list of jobs', '{"version":1,"jobs":[]}'],
    [
      'with a name of a mebibyte',
      `{"version":1,"jobs":{"${'x'.repeat(1024 * 1024)}":{"scheduled":1,"finished":true,"tries":0}}}`,
    ],
    ['that is deep', '['.repeat(100_000)],
  ])('does without a file %s, and says so', async (_, text) => {
    await writeFile(path, text);
    const { log, lines } = createRecordedLog(0);
    await openStateFile(path, log);
    expect(lines.join()).toContain('the state file cannot be used');
    expect(lines.join().length).toBeLessThan(2000);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ version: 1, jobs: {} });
  });

  it('knows nothing of a start that lies ahead: the clock was wrong when it was noted', async () => {
    const state = { scheduled: at(9, 2), finished: true, tries: 1 };
    await writeFile(path, JSON.stringify({ version: 1, jobs: { backup: state } }));
    const first = await open();
    expect(first.missed([nightly()], at(3, 5))).toEqual([]);
    await first.flush();
    const second = await open();
    expect(second.missed([nightly()], at(4, 5)).map(({ scheduled }) => scheduled)).toEqual([at(4, 2)]);
  });

  it('refuses a place it cannot write to', async () => {
    await expect(
      openStateFile(join(directory, 'none', 'state.json'), createRecordedLog(0).log),
    ).rejects.toMatchObject({
      code: 'write_failed',
    });
  });

  it('finds the newest start of years of minutes at once', () => {
    const now = Date.parse('2025-06-01T12:34:56Z');
    expect(newestDue(entryOf('* * * * * x'), 0, now)).toBe(Date.parse('2025-06-01T12:34:00Z'));
    expect(newestDue(entryOf('0 0 1 1 * x'), 0, now)).toBe(Date.parse('2025-01-01T00:00:00Z'));
    expect(newestDue(entryOf('0 0 1 1 * x'), now - DAY_MS, now)).toBeUndefined();
  });
});
