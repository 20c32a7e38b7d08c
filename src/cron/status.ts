import type { Job, JobEntry } from '../scheduler/runs/job.ts';
import type { CronSpec } from './jobs/cron-spec.ts';

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
  readonly entries: readonly JobEntry<CronSpec>[];
  readonly retired: readonly Job<CronSpec>[];
  readonly lastReload: ReloadStatus | undefined;
  readonly stopping: boolean;
}

/** The body of `/status`: for each job its runs in progress, its last ones, its next start. */
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

function jobStatus(job: Job<CronSpec>): Record<string, unknown> {
  const { spec, running, waiting, history, lastStart, lastSuccess, stats } = job;
  return {
    job: spec.name,
    line: spec.source.line,
    schedule: spec.scheduleText,
    overlap: spec.policy.overlap,
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
