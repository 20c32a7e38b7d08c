import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ActiveRun, createJob, type JobEntry, type RunEnd } from '../runs/job.ts';
import { memoryLog, specOf } from '../testing/fakes.ts';
import { findZone } from '../time/zone.ts';
import { dueAfter } from '../timetable/entry.ts';
import { newestDue, openStateFile } from './state-file.ts';

const DAY_MS = 86_400_000;
const END: RunEnd = {
  result: 'success',
  text: '',
  exitCode: 0,
  signal: undefined,
  attempts: 1,
  durationMs: 1,
  outputBytes: 0,
};
let directory = '';
let path = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pillion-state-'));
  path = join(directory, 'state.json');
});
// A write that nobody waits for may still be under way.
afterEach(() => rm(directory, { recursive: true, maxRetries: 50, retryDelay: 20 }));

function entryOf(text: string): JobEntry {
  const spec = specOf(text);
  const zone = findZone('UTC');
  if (zone === undefined) {
    throw new Error('no UTC');
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
    job: entry.spec.name,
    spec: entry.spec,
    iteration: 1,
    startedAt: scheduled,
    stats: entry.job.stats,
    stop: new AbortController(),
    pid: undefined,
    done: Promise.resolve(),
  };
}

const open = () => openStateFile(path, memoryLog().log);
const NIGHTLY = '# pillion: catch-up=48h\n0 2 * * * backup\n';
const JUNE_1 = Date.parse('2025-06-01T00:00:00Z');
const at = (day: number, hour: number) => JUNE_1 + (day - 1) * DAY_MS + hour * 3_600_000;

describe('catching up with a state file', () => {
  it('misses nothing of a job it sees for the first time', async () => {
    const state = await open();
    expect(state.missed([entryOf(NIGHTLY)], at(3, 5))).toEqual([]);
    await state.flush();
    const again = await open();
    expect(again.missed([entryOf(NIGHTLY)], at(3, 6))).toEqual([]);
  });

  it('gives the newest start that was missed while nothing ran, once', async () => {
    const entry = entryOf(NIGHTLY);
    const before = await open();
    before.missed([entry], at(1, 0));
    await before.started?.(runOf(entry, at(1, 2)));
    before.ended?.(runOf(entry, at(1, 2)), END);
    await before.flush();

    const after = await open();
    expect(after.missed([entry], at(3, 5)).map(({ scheduled }) => scheduled)).toEqual([at(3, 2)]);
    await after.started?.(runOf(entry, at(3, 2)));
    after.ended?.(runOf(entry, at(3, 2)), END);
    await after.flush();
    const third = await open();
    expect(third.missed([entry], at(3, 6))).toEqual([]);
  });

  it('leaves out what is older than its window, and jobs that do not want it', async () => {
    const state = await open();
    const [entry, other] = [entryOf('# pillion: catch-up=1h\n0 2 * * * a\n'), entryOf('0 2 * * * b\n')];
    state.missed([entry, other], at(1, 0));
    expect(state.missed([entry, other], at(2, 5))).toEqual([]);
    expect(state.missed([entry, other], at(3, 2.5)).map(({ entry: one }) => one)).toEqual([entry]);
  });

  it('begins a run again once when it was killed with its container, not for ever', async () => {
    const entry = entryOf(NIGHTLY);
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

  it('does without a file that is damaged, and says so', async () => {
    await writeFile(path, '{"version":1,"jobs":{"a":');
    const { log, lines } = memoryLog();
    await openStateFile(path, log);
    expect(lines.join()).toContain('the state file cannot be used');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ version: 1, jobs: {} });
  });

  it('refuses a place it cannot write to', async () => {
    await expect(openStateFile(join(directory, 'none', 'state.json'), memoryLog().log)).rejects.toMatchObject(
      {
        code: 'write_failed',
      },
    );
  });

  it('finds the newest start of years of minutes at once', () => {
    const now = Date.parse('2025-06-01T12:34:56Z');
    expect(newestDue(entryOf('* * * * * x\n'), 0, now)).toBe(Date.parse('2025-06-01T12:34:00Z'));
    expect(newestDue(entryOf('0 0 1 1 * x\n'), 0, now)).toBe(Date.parse('2025-01-01T00:00:00Z'));
    expect(newestDue(entryOf('0 0 1 1 * x\n'), now - DAY_MS, now)).toBeUndefined();
  });
});
