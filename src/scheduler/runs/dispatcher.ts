import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { signalGroup } from '../../core/exec/process-group.ts';
import type { SkipReason } from '../timetable/take-due.ts';
import { type ExecuteContext, execute } from './execute.ts';
import type { ActiveRun, Cause, Job, RunEnd, RunObserver, StartRequest } from './job.ts';

/** With `overlap=allow` a job that never ends must not fill the machine. */
const MAX_PARALLEL = 100;
const HISTORY = 10;

export interface RunnerContext extends ExecuteContext {
  readonly observers: readonly RunObserver[];
}

export interface Runner {
  /** Starts, queues or skips by the job's overlap policy. */
  request(job: Job, request: StartRequest): void;
  skip(job: Job, reason: SkipReason, count: number): void;
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>;
  /** SIGTERM to every group, SIGKILL after each job's `kill-after`. */
  stopAll(): void;
  /** SIGKILL to every group, now. */
  killAll(): void;
  active(): readonly ActiveRun[];
}

export function createRunner(context: RunnerContext): Runner {
  const active = new Map<string, ActiveRun>();

  function tell(inform: (observer: RunObserver) => void): void {
    context.observers.forEach(inform);
  }

  function skip(job: Job, reason: SkipReason, count: number): void {
    job.stats.skipped[reason] = (job.stats.skipped[reason] ?? 0) + count;
    tell((observer) => observer.skipped?.(job, reason, count));
  }

  function request(job: Job, wanted: StartRequest): void {
    if (context.stopping.aborted) {
      skip(job, 'stopping', 1);
    } else if (job.running.size === 0) {
      begin(job, wanted);
    } else {
      overlap(job, wanted);
    }
  }

  function overlap(job: Job, wanted: StartRequest): void {
    const policy = job.spec.options.overlap;
    const [oldest] = job.running.values();
    const since = new Date(oldest?.startedAt ?? 0).toISOString();
    if (policy === 'allow' && job.running.size < MAX_PARALLEL) {
      begin(job, wanted);
    } else if (policy === 'replace') {
      job.waiting = wanted;
      job.running.forEach((run) => run.stop.abort());
    } else if (policy === 'queue' && job.waiting === undefined) {
      job.waiting = wanted;
    } else {
      skip(job, policy === 'queue' ? 'queue-full' : 'overlap', 1);
      context.warnings.warn(job.spec.name, 'not starting: job is still running', { since });
    }
  }

  function begin(job: Job, wanted: StartRequest): void {
    job.iteration += 1;
    const run: ActiveRun = {
      ...wanted,
      id: randomBytes(6).toString('hex'),
      job: job.spec.name,
      spec: job.spec,
      iteration: job.iteration,
      startedAt: context.clock.now(),
      stats: job.stats,
      stop: new AbortController(),
      pid: undefined,
      done: Promise.resolve(),
    };
    job.running.set(run.id, run);
    active.set(run.id, run);
    job.lastStart = run.startedAt;
    run.done = follow(job, run);
  }

  async function follow(job: Job, run: ActiveRun): Promise<void> {
    context.log.info('starting', startFields(run));
    for (const observer of context.observers) {
      // Most have nothing to wait for, and a start must not be late for them.
      const told = observer.started?.(run);
      if (told !== undefined) {
        await told;
      }
    }
    const end = await execute(run, context);
    job.running.delete(run.id);
    active.delete(run.id);
    remember(job, run, end);
    tell((observer) => observer.ended?.(run, end));
    afterEnd(job);
  }

  function afterEnd(job: Job): void {
    const { waiting } = job;
    if (waiting !== undefined && job.running.size === 0) {
      job.waiting = undefined;
      const lateMs = context.clock.now() - waiting.wantedAt;
      const deadline = job.spec.options.startDeadlineMs;
      if (job.retired || context.stopping.aborted) {
        skip(job, 'stopping', 1);
      } else if (deadline !== undefined && lateMs > deadline) {
        skip(job, 'deadline', 1);
      } else {
        begin(job, waiting);
      }
    }
  }

  return {
    request,
    skip,
    async idle() {
      while (active.size > 0) {
        await Promise.all([...active.values()].map(({ done }) => done));
      }
    },
    stopAll: () => active.forEach((run) => run.stop.abort()),
    killAll() {
      for (const run of active.values()) {
        run.stop.abort();
        if (run.pid !== undefined) {
          signalGroup(run.pid, 'SIGKILL');
        }
      }
    },
    active: () => [...active.values()],
  };
}

function startFields(run: ActiveRun): Record<string, unknown> {
  const cause: Cause | undefined = run.cause === 'schedule' ? undefined : run.cause;
  const { scheduleText, position } = run.spec;
  return { job: run.job, run: run.id, schedule: scheduleText, position, iteration: run.iteration, cause };
}

function remember(job: Job, run: ActiveRun, end: RunEnd): void {
  const { stats } = job;
  stats.runs[end.result] = (stats.runs[end.result] ?? 0) + 1;
  stats.retries += end.attempts - 1;
  stats.durationMs += end.durationMs;
  stats.lastDurationMs = end.durationMs;
  stats.lastExitCode = end.exitCode ?? (end.signal === undefined ? -1 : 128 + constants.signals[end.signal]);
  if (end.result === 'success') {
    job.lastSuccess = run.startedAt + end.durationMs;
  }
  job.history.unshift({
    run: run.id,
    cause: run.cause,
    scheduled: new Date(run.scheduled).toISOString(),
    started: new Date(run.startedAt).toISOString(),
    durationMs: Math.round(end.durationMs),
    result: end.result,
    exitCode: end.exitCode,
    signal: end.signal,
    attempts: end.attempts,
  });
  job.history.splice(HISTORY);
}
