import {
  type CounterDefinition,
  createMetrics,
  type GaugeDefinition,
  type Histogram,
  type MetricsRegistry,
  type SummaryDefinition,
} from '../core/metrics/metrics.ts';
import type { Sample } from '../core/metrics/registry.ts';
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
type Scraped = CounterDefinition | GaugeDefinition | SummaryDefinition;

/** How each metric is read off a job; undefined leaves the job out. */
const READERS: Readonly<
  Record<keyof typeof JOB_METRICS, (row: Row) => readonly Sample[] | number | undefined>
> = {
  runs: ({ job }) => counts(job.stats.runs, 'result'),
  skipped: ({ job }) => counts(job.stats.skipped, 'reason'),
  pings: ({ pings }) => counts({ ...pings }, 'result').filter(({ value }) => value > 0),
  retries: ({ job }) => job.stats.retries,
  running: ({ job }) => job.running.size,
  duration({ job }) {
    const count = Object.values(job.stats.runs).reduce((sum, runs) => sum + runs, 0);
    const { name } = JOB_METRICS.duration;
    return [
      { metricName: `${name}_sum`, value: job.stats.durationMs / 1000 },
      { metricName: `${name}_count`, value: count },
    ];
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
  registry.addScraped({
    ...CHILD_METRICS.zombies,
    samples: () => [{ value: process.pid === 1 ? countZombies() : 0 }],
  });
  for (const [key, definition] of Object.entries<Scraped>(JOB_METRICS)) {
    const read = READERS[key as keyof typeof JOB_METRICS];
    registry.addScraped({ ...definition, samples: () => rows().flatMap((row) => samplesOf(row, read(row))) });
  }
}

function samplesOf({ job }: Row, read: readonly Sample[] | number | undefined): Sample[] {
  const label = { job: job.spec.name };
  if (read === undefined) {
    return [];
  }
  return typeof read === 'number'
    ? [{ labels: label, value: read }]
    : read.map((sample) => ({ ...sample, labels: { ...label, ...sample.labels } }));
}

function counts(values: Readonly<Record<string, number>>, label: string): Sample[] {
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
