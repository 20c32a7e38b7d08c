import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log/log.ts';
import type { JobSpec } from './grammar/job-spec.ts';
import type { Runner } from './runs/dispatcher.ts';
import type { Job, JobEntry } from './runs/job.ts';
import type { WarnLimit } from './runs/warn-limit.ts';
import { nextTable, type TableChange, type TableContext } from './timetable/merge-jobs.ts';
import { earliestStart, STEP_MS, takeDue } from './timetable/take-due.ts';
import { startTimerLoop, type Tick, type TimerLoop } from './timetable/timer-loop.ts';

export interface SchedulerContext extends TableContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly warnings: WarnLimit;
  readonly runner: Runner;
  readonly signal: AbortSignal;
}

/** A due instant that passed while nothing ran. */
export interface Missed {
  readonly entry: JobEntry;
  readonly scheduled: number;
}

export interface Scheduler {
  /** Takes another table at once; running jobs go on. */
  load(specs: readonly JobSpec[]): TableChange;
  /** Begins: jobs of the start, then the timetable. */
  start(missed: readonly Missed[]): void;
  catchUp(missed: readonly Missed[]): void;
  entries(): readonly JobEntry[];
  /** Jobs of former tables that still run. */
  retired(): readonly Job[];
  /** Milliseconds since the loop last turned. */
  sinceTick(): number;
}

/** A late start is worth a word when it is later than a busy machine explains. */
const LATE_MS = 1000;

export function createScheduler(context: SchedulerContext): Scheduler {
  const { clock, log, warnings, runner } = context;
  let entries: readonly JobEntry[] = [];
  let retired: readonly Job[] = [];
  let loop: TimerLoop | undefined;

  function tick({ now, stepMs }: Tick): number | undefined {
    if (Math.abs(stepMs) >= STEP_MS) {
      log.warn('the clock was set, or the machine slept', { seconds: Math.round(stepMs / 1000) });
    }
    for (const due of takeDue(entries, now, stepMs)) {
      const { job } = due.entry;
      if (due.kind === 'skip') {
        runner.skip(job, due.reason, due.count);
        warnings.warn(job.spec.name, SKIP_MESSAGES[due.reason] ?? 'a start was skipped', {
          count: due.count,
        });
        continue;
      }
      if (due.lateMs > LATE_MS) {
        const message = 'job took too long to start: it should have started earlier';
        warnings.warn(job.spec.name, message, { late_seconds: Math.round(due.lateMs / 1000) });
      }
      runner.request(job, { cause: 'schedule', scheduled: due.scheduled, wantedAt: now - due.lateMs });
    }
    return earliestStart(entries);
  }

  function catchUp(missed: readonly Missed[]): void {
    for (const { entry, scheduled } of missed) {
      const fields = { job: entry.spec.name, scheduled: new Date(scheduled).toISOString() };
      log.info('catching up on a missed start', fields);
      runner.request(entry.job, { cause: 'catch-up', scheduled, wantedAt: clock.now() });
    }
  }

  return {
    catchUp,
    load(specs) {
      const change = nextTable(entries, specs, clock.now(), context, retired);
      entries = change.entries;
      retired = [...retired, ...change.retired].filter((job) => job.retired && job.running.size > 0);
      loop?.wake();
      return change;
    },
    start(missed) {
      const now = clock.now();
      for (const { job, spec } of entries) {
        if (spec.schedule.kind === 'reboot' || spec.options.runAtStart) {
          runner.request(job, { cause: 'start', scheduled: now, wantedAt: now });
        }
      }
      catchUp(missed);
      loop = startTimerLoop(clock, context.signal, tick);
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
