import type { Job, JobEntry } from '../scheduler/runs/job.ts';

/** The last attempt to read the file again. */
export interface ReloadStatus {
  readonly at: string;
  readonly ok: boolean;
  readonly error?: string;
}

export interface StatusSource {
  readonly source: string;
  readonly zone: string;
  readonly startedAt: number;
  readonly zoneData: unknown;
  readonly entries: readonly JobEntry[];
  readonly retired: readonly Job[];
  readonly lastReload: ReloadStatus | undefined;
  readonly stopping: boolean;
}

/** What `/status` tells: for each job what runs, what was, what comes. */
export function renderStatus(source: StatusSource): unknown {
  const { entries, retired, startedAt, ...rest } = source;
  return {
    command: 'cron',
    ...rest,
    startedAt: iso(startedAt),
    jobs: entries.map((entry) => ({
      ...jobStatus(entry.job),
      zone: entry.zone.name,
      next: iso(entry.due === undefined ? undefined : entry.due + entry.jitterMs),
    })),
    retired: retired.map(jobStatus),
  };
}

function jobStatus(job: Job): Record<string, unknown> {
  const { spec, running, waiting, history, lastStart, lastSuccess, stats } = job;
  return {
    job: spec.name,
    line: spec.line,
    schedule: spec.scheduleText,
    overlap: spec.options.overlap,
    running: [...running.values()].map((run) => ({
      run: run.id,
      since: iso(run.startedAt),
      cause: run.cause,
    })),
    waiting: waiting !== undefined,
    lastStart: iso(lastStart),
    lastSuccess: iso(lastSuccess),
    skipped: stats.skipped,
    history,
  };
}

function iso(instant: number | undefined): string | null {
  return instant === undefined ? null : new Date(instant).toISOString();
}
