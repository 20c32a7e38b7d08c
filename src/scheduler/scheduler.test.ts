import { describe, expect, it } from 'vitest';
import { createRecordedLog } from '../core/testing/recorded-log.ts';
import { parseRunAt } from './grammar/run-at.ts';
import type { JobSpec } from './job-spec.ts';
import { createWarnLimit } from './runs/warn-limit.ts';
import { createScheduler, type SchedulerInit } from './scheduler.ts';
import { jobsFrom } from './testing/jobs.ts';
import { createVirtualClock, type VirtualClock } from './testing/virtual-clock.ts';
import { findZone } from './time/find-zone.ts';
import { formatInstant } from './time/format-instant.ts';
import type { Zone } from './time/zone.ts';

const HOUR_MS = 3_600_000;

interface Replay {
  /** `job wall-clock-time` of each start. */
  readonly starts: string[];
  readonly skips: string[];
  readonly log: string[];
}

/** Lets a scheduler live through a time on a virtual clock and notes what it would have run. */
async function replay(
  jobs: string | readonly JobSpec[],
  zoneName: string,
  clock: VirtualClock,
): Promise<Replay> {
  const zone: Zone | undefined = findZone(zoneName);
  if (zone === undefined) {
    throw new Error(`no zone ${zoneName}`);
  }
  const { log, lines } = createRecordedLog(0);
  const starts: string[] = [];
  const skips: string[] = [];
  const dispatcher: SchedulerInit<JobSpec>['dispatcher'] = {
    request: (job) => starts.push(`${job.spec.name} ${formatInstant(clock.now(), zone).slice(5, 16)}`),
    skip: (job, reason, count) => skips.push(`${job.spec.name} ${reason} ${count}`),
  };
  const scheduler = createScheduler({
    clock,
    log,
    dispatcher,
    warnings: createWarnLimit(log, clock),
    signal: clock.signal,
    defaultZone: zone,
    podName: 'pod-0',
  });
  scheduler.load(typeof jobs === 'string' ? jobsFrom(jobs) : jobs);
  await scheduler.start([]);
  return { starts, skips, log: lines };
}

const NIGHT = '30 2 * * * fixed\n*/30 * * * * wild\n0 0 1 1 * rare\n';

describe('the scheduler', () => {
  it('lives through the New York spring night without a flood: each job once, a few wake-ups, no lines', async () => {
    const clock = createVirtualClock('2025-03-09T01:10:00-05:00', 2 * HOUR_MS);
    const { starts, log } = await replay(NIGHT, 'America/New_York', clock);
    expect(starts).toEqual([
      'wild 03-09T01:30',
      'fixed 03-09T03:00',
      'wild 03-09T03:00',
      'wild 03-09T03:30',
      'wild 03-09T04:00',
    ]);
    expect(clock.sleeps()).toBeLessThan(300);
    expect(log).toEqual([]);
  });

  it('prints nothing and hardly wakes for schedules that never come, as --lenient allows them', async () => {
    const clock = createVirtualClock('2025-06-01T00:00:00Z', 24 * HOUR_MS);
    const { starts, skips, log } = await replay(
      '0 0 31 2 * a\n* * * * * 2001 b\n',
      'America/New_York',
      clock,
    );
    expect([starts, skips, log]).toEqual([[], [], []]);
    expect(clock.sleeps()).toBeLessThanOrEqual(24 * 60 * 2 + 1);
  });

  it('runs a fixed job once and a wildcard job in both passes of the New York autumn night', async () => {
    const clock = createVirtualClock('2025-11-02T00:50:00-04:00', 3 * HOUR_MS);
    const { starts } = await replay('30 1 * * * fixed\n0 * * * * wild\n', 'America/New_York', clock);
    expect(starts).toEqual(['wild 11-02T01:00', 'fixed 11-02T01:30', 'wild 11-02T01:00', 'wild 11-02T02:00']);
  });

  it('sleeps a hundred days in short sleeps and starts once', async () => {
    const clock = createVirtualClock('2025-01-01T00:00:00Z', 101 * 24 * HOUR_MS);
    const { starts } = await replay('0 0 11 4 * rare\n', 'UTC', clock);
    expect(starts).toEqual(['rare 04-11T00:00']);
    expect(clock.sleeps()).toBeLessThan(101 * 24 * 60 * 2 + 10);
  });

  it('makes up for fixed times, once, when the clock is set two hours forward', async () => {
    const clock = createVirtualClock('2025-06-01T01:50:00Z', HOUR_MS);
    clock.stepAt(5 * 60_000, 2 * HOUR_MS);
    const { starts, skips, log } = await replay(
      '0 2 * * * fixed\n0,30 2-3 * * * list\n*/15 * * * * wild\n',
      'UTC',
      clock,
    );
    expect(starts.filter((start) => !start.startsWith('wild'))).toEqual([
      'fixed 06-01T03:55',
      'list 06-01T03:55',
    ]);
    expect(starts.filter((start) => start.startsWith('wild'))[0]).toBe('wild 06-01T04:00');
    expect(skips).toEqual(['list late 3', 'wild clock 8']);
    expect(log.length).toBeLessThanOrEqual(5);
  });

  it('takes a jump of three hours and more for a correction, after which only the new time counts', async () => {
    const clock = createVirtualClock('2025-06-01T01:50:00Z', HOUR_MS);
    clock.stepAt(5 * 60_000, 5 * HOUR_MS);
    const { starts, skips } = await replay('0 2 * * * fixed\n0 7 * * * new\n', 'UTC', clock);
    expect(starts).toEqual(['new 06-01T07:00']);
    expect(skips).toEqual(['fixed clock 1']);
  });

  it('does not repeat fixed times when the clock is set two hours back, but follows it otherwise', async () => {
    const clock = createVirtualClock('2025-06-01T01:50:00Z', 3 * HOUR_MS);
    clock.stepAt(30 * 60_000, -2 * HOUR_MS);
    const { starts } = await replay('0 2 * * * fixed\n0 * * * * wild\n', 'UTC', clock);
    expect(starts).toEqual(['fixed 06-01T02:00', 'wild 06-01T02:00', 'wild 06-01T01:00', 'wild 06-01T02:00']);
  });

  it('runs RUNAT once though the clock is set over its time while it waits, and back over it later', async () => {
    const schedule = parseRunAt('02:30,14:30');
    const jobs = jobsFrom('0 0 * * * true\n').map((job) => ({ ...job, schedule }));
    const clock = createVirtualClock('2025-06-01T01:50:00Z', 5 * HOUR_MS);
    clock.stepAt(10 * 60_000, 2 * HOUR_MS);
    clock.stepAt(30 * 60_000, -2 * HOUR_MS);
    const { starts } = await replay(jobs, 'UTC', clock);
    expect(starts).toEqual(['true 06-01T04:00']);
    expect(clock.now()).toBeGreaterThan(Date.parse('2025-06-01T06:49:00Z'));
  });

  it('runs a fixed time again when the clock is set back by a day', async () => {
    const clock = createVirtualClock('2025-06-01T01:50:00Z', 26 * HOUR_MS);
    clock.stepAt(30 * 60_000, -24 * HOUR_MS);
    const { starts } = await replay('0 2 * * * fixed\n', 'UTC', clock);
    expect(starts).toEqual(
      ['fixed 06-01T02:00', 'fixed 06-01T02:00', 'fixed 06-02T02:00'].slice(0, starts.length),
    );
    expect(starts).toHaveLength(2);
  });

  it('makes one run of the starts that a stalled process missed, and says it once', async () => {
    const clock = createVirtualClock('2025-06-01T01:59:30Z', 20 * 60_000);
    clock.stallAt(60_000, 10 * 60_000);
    const { starts, skips, log } = await replay('* * * * * wild\n', 'UTC', clock);
    expect(starts.slice(0, 3)).toEqual(['wild 06-01T02:00', 'wild 06-01T02:10', 'wild 06-01T02:11']);
    expect(skips).toEqual(['wild late 9']);
    expect(log).toHaveLength(1);
  });

  it('starts what is to run at its start, and again when it is due', async () => {
    const jobs = jobsFrom('0 2 * * * both\n@reboot once\n0 2 * * * due\n', { both: { runAtStart: true } });
    const { starts } = await replay(jobs, 'UTC', createVirtualClock('2025-06-01T01:50:00Z', HOUR_MS));
    expect(starts).toEqual(['both 06-01T01:50', 'once 06-01T01:50', 'both 06-01T02:00', 'due 06-01T02:00']);
  });

  it('puts starts off by a jitter that is the same for the pod and within its bound', async () => {
    const jobs = jobsFrom('0 * * * * a\n', { a: { jitterMs: 600_000 } });
    const first = await replay(jobs, 'UTC', createVirtualClock('2025-06-01T00:30:00Z', 4 * HOUR_MS));
    const again = await replay(jobs, 'UTC', createVirtualClock('2025-06-01T00:30:00Z', 4 * HOUR_MS));
    expect(first.starts).toEqual(again.starts);
    expect(first.starts).toHaveLength(4);
    expect(new Set(first.starts.map((start) => start.slice(-2))).size).toBe(1);
    expect(Number(first.starts[0]?.slice(-2))).toBeLessThan(10);
  });

  it('skips a start that is later than its start-deadline', async () => {
    const clock = createVirtualClock('2025-06-01T01:50:00Z', HOUR_MS);
    clock.stallAt(5 * 60_000, 30 * 60_000);
    const jobs = jobsFrom('0 2 * * * fixed\n', { fixed: { startDeadlineMs: 60_000 } });
    const { starts, skips } = await replay(jobs, 'UTC', clock);
    expect(starts).toEqual([]);
    expect(skips).toEqual(['fixed deadline 1']);
  });
});
