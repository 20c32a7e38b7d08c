import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import type { Cause } from '../job-body.ts';
import type { JobSpec } from '../job-spec.ts';
import type { SkipReason } from '../timetable/take-due.ts';
import { type AttemptsContext, runAttempts } from './attempts.ts';
import type { ActiveRun, Job, RunObserver, RunReport, RunResult, StartRequest } from './job.ts';

/** With `overlap=allow` a job that never ends must not fill the machine. */
const MAX_PARALLEL = 100;
const HISTORY = 10;

export interface DispatcherContext<S extends JobSpec> extends AttemptsContext {
  readonly observers: readonly RunObserver<S>[];
  /** More fields for the log line of a job's start. */
  readonly startFields?: ((spec: S) => Readonly<Record<string, unknown>>) | undefined;
}

/** Decides what becomes of each start, and follows the runs. */
export interface Dispatcher<S extends JobSpec = JobSpec> {
  /** Starts, queues or skips by the job's overlap policy. */
  request(job: Job<S>, request: StartRequest): void;
  skip(job: Job<S>, reason: SkipReason, count: number): void;
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>;
  /** Asks every run to end, by force after each job's `killAfterMs`. */
  stopAll(): void;
  /** Ends every run by force, now: `idle` resolves within a second or so. */
  killAll(): void;
  active(): readonly ActiveRun<S>[];
}

export function createDispatcher<S extends JobSpec>(context: DispatcherContext<S>): Dispatcher<S> {
  const { log } = context;
  const active = new Map<string, ActiveRun<S>>();

  /** A fault of an observer is no fault of the job. */
  function guard(failure: unknown): void {
    log.error('cannot record what happened to a job', failure);
  }

  function inform(notify: (observer: RunObserver<S>) => void): void {
    for (const observer of context.observers) {
      try {
        notify(observer);
      } catch (error) {
        guard(error);
      }
    }
  }

  function skip(job: Job<S>, reason: SkipReason, count: number): void {
    job.stats.skipped[reason] = (job.stats.skipped[reason] ?? 0) + count;
    inform((observer) => observer.skipped?.(job, reason, count));
  }

  function request(job: Job<S>, wanted: StartRequest): void {
    if (context.stopping.aborted) {
      skip(job, 'stopping', 1);
    } else if (job.running.size === 0) {
      begin(job, wanted);
    } else {
      overlap(job, wanted);
    }
  }

  function overlap(job: Job<S>, wanted: StartRequest): void {
    const policy = job.spec.policy.overlap;
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

  function begin(job: Job<S>, wanted: StartRequest): void {
    job.iteration += 1;
    const run: ActiveRun<S> = {
      ...wanted,
      id: randomBytes(6).toString('hex'),
      spec: job.spec,
      iteration: job.iteration,
      startedAt: context.clock.now(),
      stats: job.stats,
      stop: new AbortController(),
      kill: new AbortController(),
      done: Promise.resolve(),
    };
    job.running.set(run.id, run);
    active.set(run.id, run);
    job.lastStart = run.startedAt;
    run.done = follow(job, run);
  }

  async function follow(job: Job<S>, run: ActiveRun<S>): Promise<void> {
    log.info('starting', { ...startFields(run), ...context.startFields?.(run.spec) });
    await informOfStart(run);
    const report = await runAttempts(run, context);
    job.running.delete(run.id);
    active.delete(run.id);
    remember(job, run, report);
    inform((observer) => observer.ended?.(run, report));
    afterEnd(job);
  }

  async function informOfStart(run: ActiveRun<S>): Promise<void> {
    for (const observer of context.observers) {
      try {
        // Most have nothing to wait for, and a start must not be late for them.
        const waits = observer.started?.(run);
        if (waits !== undefined) {
          await waits;
        }
      } catch (error) {
        guard(error);
      }
    }
  }

  function afterEnd(job: Job<S>): void {
    const { waiting } = job;
    if (waiting !== undefined && job.running.size === 0) {
      job.waiting = undefined;
      const lateMs = context.clock.now() - waiting.wantedAt;
      const deadline = job.spec.policy.startDeadlineMs;
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
        run.kill.abort();
      }
    },
    active: () => [...active.values()],
  };
}

function startFields(run: ActiveRun): Record<string, unknown> {
  const cause: Cause | undefined = run.cause === 'schedule' ? undefined : run.cause;
  const { name, scheduleText } = run.spec;
  return { job: name, run: run.id, schedule: scheduleText, iteration: run.iteration, cause };
}

function remember(job: Job, run: ActiveRun, report: RunReport): void {
  const { stats } = job;
  const { result, exitCode, signal, attempts, durationMs, abandoned } = report;
  stats.runs[result] = (stats.runs[result] ?? 0) + 1;
  stats.retries += attempts - 1;
  stats.durationMs += durationMs;
  stats.lastDurationMs = durationMs;
  stats.lastExitCode = exitCode ?? exitCodeWithout(result, signal);
  if (result === 'success') {
    job.lastSuccess = run.startedAt + durationMs;
  }
  job.history.unshift({
    run: run.id,
    cause: run.cause,
    scheduled: new Date(run.scheduled).toISOString(),
    started: new Date(run.startedAt).toISOString(),
    durationMs: Math.round(durationMs),
    result,
    exitCode,
    signal,
    attempts,
    ...(abandoned ? { abandoned } : {}),
  });
  job.history.splice(HISTORY);
}

function exitCodeWithout(result: RunResult, signal: NodeJS.Signals | undefined): number {
  if (signal !== undefined) {
    return 128 + constants.signals[signal];
  }
  return result === 'success' ? 0 : -1;
}
