import {
  createMetrics,
  type Histogram,
  type Labels,
  type MetricsRegistry,
  type Readers,
  type ReadSeries,
  readMetrics,
} from '../core/metrics/metrics.ts';
import type { Job, JobEntry, JobStats, RunObserver } from '../scheduler/runs/job.ts';
import { countZombies } from './init-process.ts';
import type { CronSpec } from './jobs/cron-spec.ts';
import { CHILD_METRICS, JOB_METRICS, SCHEDULER_METRICS, SUPERCRONIC_METRICS } from './metrics.ts';
import type { PingCounts } from './notify.ts';

interface Row {
  readonly job: Job;
  readonly entry: JobEntry | undefined;
  readonly pings: PingCounts;
}
/** How each metric is read off a job; undefined leaves the job out. */
const READERS: Readonly<
  Record<keyof typeof JOB_METRICS, (row: Row) => readonly ReadSeries[] | number | undefined>
> = {
  runs: ({ job }) => counts(job.stats.runs, 'result'),
  skipped: ({ job }) => counts(job.stats.skipped, 'reason'),
  pings: ({ pings }) => counts({ ...pings }, 'result').filter(({ value }) => value > 0),
  retries: ({ job }) => job.stats.retries,
  running: ({ job }) => job.running.size,
  duration({ job }) {
    const count = Object.values(job.stats.runs).reduce((sum, runs) => sum + runs, 0);
    return [{ sum: job.stats.durationMs / 1000, count }];
  },
  lastStart: ({ job }) => seconds(job.lastStart),
  lastSuccess: ({ job }) => seconds(job.lastSuccess),
  lastDuration: ({ job }) => seconds(job.stats.lastDurationMs),
  lastExitCode: ({ job }) => job.stats.lastExitCode,
  nextRun({ entry }) {
    if (entry === undefined) {
      return undefined;
    }
    return entry.due === undefined ? Number.NaN : (entry.due + entry.jitterMs) / 1000;
  },
};

/**
 * Samples are made at each scrape: a thousand jobs cost nothing until then, and a job that is gone has no series.
 * @param pingsOf how many pings were sent for the job with these counts
 */
export function registerJobMetrics(
  registry: MetricsRegistry,
  entries: () => readonly JobEntry[],
  retired: () => readonly Job[],
  pingsOf: (stats: JobStats) => PingCounts,
): void {
  const rowOf = (job: Job, entry: JobEntry | undefined): Row => ({ job, entry, pings: pingsOf(job.stats) });
  const rows = (): Row[] => [
    ...entries().map((entry) => rowOf(entry.job, entry)),
    ...retired().map((job) => rowOf(job, undefined)),
  ];
  readMetrics(CHILD_METRICS, registry, { zombies: () => (process.pid === 1 ? countZombies() : 0) });
  const readers = Object.entries(READERS).map(([key, read]) => [
    key,
    () => rows().flatMap((row) => seriesOf(row, read(row))),
  ]);
  readMetrics(JOB_METRICS, registry, Object.fromEntries(readers) as Readers<typeof JOB_METRICS>);
}

function seriesOf({ job }: Row, read: readonly ReadSeries[] | number | undefined): ReadSeries[] {
  const found = typeof read === 'number' ? [{ value: read }] : (read ?? []);
  return found.map((series) => ({ ...series, labels: { job: job.spec.name, ...series.labels } }));
}

function counts(
  values: Readonly<Record<string, number>>,
  label: string,
): { labels: Labels; value: number }[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

export interface SchedulerMetrics extends RunObserver {
  readonly metrics: ReturnType<typeof createSchedulerMetrics>;
}

function createSchedulerMetrics(registry: MetricsRegistry) {
  return createMetrics(SCHEDULER_METRICS, registry);
}

/** The metrics that are not a job's. */
export function observeScheduler(registry: MetricsRegistry): SchedulerMetrics {
  const metrics = createSchedulerMetrics(registry);
  const lateness: Histogram = metrics.lateness;
  return {
    metrics,
    started: ({ startedAt, wantedAt }) => lateness.observe(Math.max(0, startedAt - wantedAt) / 1000),
  };
}

/** The same as supercronic names it. Series of jobs that are gone stay, as they do there. */
export function observeAsSupercronic(registry: MetricsRegistry): RunObserver<CronSpec> {
  const metrics = createMetrics(SUPERCRONIC_METRICS, registry);
  const labels = ({ spec }: { readonly spec: CronSpec }) => {
    return { command: spec.name, position: String(spec.source.position), schedule: spec.scheduleText };
  };
  return {
    started(run) {
      metrics.running.inc(labels(run));
      metrics.executions.inc(labels(run));
    },
    ended(run, end) {
      metrics.running.inc(labels(run), -1);
      metrics.duration.observe(labels(run), end.durationMs / 1000);
      (end.result === 'success' ? metrics.successes : metrics.failures).inc(labels(run));
    },
    skipped(job, reason, count) {
      if (reason === 'overlap' || reason === 'late') {
        metrics.deadlines.inc(labels(job), count);
      }
    },
  };
}
