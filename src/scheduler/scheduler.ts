import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log/log.ts';
import type { JobSpec } from './job-spec.ts';
import type { Dispatcher } from './runs/dispatcher.ts';
import type { Job, JobEntry } from './runs/job.ts';
import type { WarnLimit } from './runs/warn-limit.ts';
import { type MergeContext, type MergedJobs, mergeJobs } from './timetable/merge-jobs.ts';
import { earliestStart, STEP_MS, takeDue } from './timetable/take-due.ts';
import { startTimerLoop, type Tick, type TimerLoop } from './timetable/timer-loop.ts';

export interface SchedulerInit<S extends JobSpec> extends MergeContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly warnings: WarnLimit;
  readonly dispatcher: Pick<Dispatcher<S>, 'request' | 'skip'>;
  /** Aborted when nothing more is to be started. */
  readonly signal: AbortSignal;
}

/** A due instant that passed while nothing ran. */
export interface Missed<S extends JobSpec> {
  readonly entry: JobEntry<S>;
  readonly scheduled: number;
}

export interface Scheduler<S extends JobSpec = JobSpec> {
  /** Takes another list of jobs at once; running jobs go on. */
  load(specs: readonly S[]): MergedJobs<S>;
  /**
   * Begins: jobs of the start, missed ones, then the timetable. Resolves when the signal has been aborted; runs may
   * still be in progress then (`drain`).
   */
  start(missed: readonly Missed<S>[]): Promise<void>;
  catchUp(missed: readonly Missed<S>[]): void;
  entries(): readonly JobEntry<S>[];
  /** Jobs of former lists that still run. */
  retired(): readonly Job<S>[];
  /** Milliseconds since the last tick of the timer loop. */
  sinceTick(): number;
}

/** A start is logged as late when it is later than a busy machine explains. */
const LATE_MS = 1000;

export function createScheduler<S extends JobSpec>(init: SchedulerInit<S>): Scheduler<S> {
  const { clock, log, warnings, dispatcher } = init;
  let entries: readonly JobEntry<S>[] = [];
  let retired: readonly Job<S>[] = [];
  let loop: TimerLoop | undefined;

  function tick({ now, stepMs }: Tick): number | undefined {
    if (Math.abs(stepMs) >= STEP_MS) {
      log.warn('the clock was set, or the machine slept', { seconds: Math.round(stepMs / 1000) });
    }
    for (const due of takeDue(entries, now, stepMs)) {
      const { job } = due.entry;
      if (due.kind === 'skip') {
        dispatcher.skip(job, due.reason, due.count);
        warnings.warn(job.spec.name, SKIP_MESSAGES[due.reason] ?? 'a start was skipped', {
          count: due.count,
        });
        continue;
      }
      if (due.lateMs > LATE_MS) {
        const message = 'job took too long to start: it should have started earlier';
        warnings.warn(job.spec.name, message, { late_seconds: Math.round(due.lateMs / 1000) });
      }
      dispatcher.request(job, { cause: 'schedule', scheduled: due.scheduled, wantedAt: now - due.lateMs });
    }
    return earliestStart(entries);
  }

  function catchUp(missed: readonly Missed<S>[]): void {
    for (const { entry, scheduled } of missed) {
      const fields = { job: entry.spec.name, scheduled: new Date(scheduled).toISOString() };
      log.info('catching up on a missed start', fields);
      dispatcher.request(entry.job, { cause: 'catch-up', scheduled, wantedAt: clock.now() });
    }
  }

  return {
    catchUp,
    load(specs) {
      const merged = mergeJobs(entries, specs, clock.now(), init, retired);
      entries = merged.entries;
      retired = [...retired, ...merged.retired].filter((job) => job.retired && job.running.size > 0);
      loop?.wake();
      return merged;
    },
    start(missed) {
      const now = clock.now();
      for (const { job, spec } of entries) {
        if (spec.schedule.kind === 'reboot' || spec.policy.runAtStart) {
          dispatcher.request(job, { cause: 'start', scheduled: now, wantedAt: now });
        }
      }
      catchUp(missed);
      loop = startTimerLoop(clock, init.signal, tick);
      return loop.ended;
    },
    entries: () => entries,
    retired: () => (retired = retired.filter((job) => job.running.size > 0)),
    sinceTick: () => (loop === undefined ? 0 : clock.monotonic() - loop.lastTick()),
  };
}

const SKIP_MESSAGES: Readonly<Record<string, string>> = {
  clock: 'starts skipped: the clock was set past them',
  late: 'starts missed: one run makes up for them',
  deadline: 'start skipped: it is later than its start-deadline',
};
