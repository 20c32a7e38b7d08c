import { defineMetrics } from '../core/metrics/metrics.ts';

/** The metrics of each job; `job` is its name, never its command line. */
export const JOB_METRICS = defineMetrics({
  runs: {
    type: 'counter',
    name: 'pillion_cron_runs_total',
    help: 'Runs that have ended, by result: success, failure, timeout, stopped.',
    labels: ['job', 'result'],
  },
  retries: {
    type: 'counter',
    name: 'pillion_cron_retries_total',
    help: 'Further attempts after a failed one.',
    labels: ['job'],
  },
  skipped: {
    type: 'counter',
    name: 'pillion_cron_skipped_total',
    help: 'Due starts that did not happen, by reason: overlap, queue-full, deadline, clock, late, stopping.',
    labels: ['job', 'reason'],
  },
  running: {
    type: 'gauge',
    name: 'pillion_cron_running',
    help: 'Runs in progress.',
    labels: ['job'],
  },
  // A summary: a histogram would cost a dozen series per job.
  duration: {
    type: 'summary',
    name: 'pillion_cron_run_duration_seconds',
    help: 'Duration of runs with their retries, in seconds.',
    labels: ['job'],
  },
  lastStart: {
    type: 'gauge',
    name: 'pillion_cron_last_start_timestamp_seconds',
    help: 'When the last run started.',
    labels: ['job'],
  },
  lastSuccess: {
    type: 'gauge',
    name: 'pillion_cron_last_success_timestamp_seconds',
    help: 'When a run last ended successfully.',
    labels: ['job'],
  },
  lastDuration: {
    type: 'gauge',
    name: 'pillion_cron_last_duration_seconds',
    help: 'Duration of the last run in seconds.',
    labels: ['job'],
  },
  lastExitCode: {
    type: 'gauge',
    name: 'pillion_cron_last_exit_code',
    help: 'Exit code of the last run; 128 plus the number of the signal that ended it.',
    labels: ['job'],
  },
  nextRun: {
    type: 'gauge',
    name: 'pillion_cron_next_run_timestamp_seconds',
    help: 'When the job starts next; NaN when never.',
    labels: ['job'],
  },
  pings: {
    type: 'counter',
    name: 'pillion_cron_pings_total',
    help: 'Pings and webhooks sent, by result: success or failure.',
    labels: ['job', 'result'],
  },
});

/** The metrics of the scheduler itself. */
export const SCHEDULER_METRICS = defineMetrics({
  lateness: {
    type: 'histogram',
    name: 'pillion_cron_start_lateness_seconds',
    help: 'How long after its time (with jitter) a run started, in seconds.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 60],
  },
  reloads: {
    type: 'counter',
    name: 'pillion_cron_reloads_total',
    help: 'Attempts to read a changed file, by result: success, failure, unchanged.',
    labels: ['result'],
  },
  reloadFailed: {
    type: 'gauge',
    name: 'pillion_cron_reload_failed',
    help: '1 while the file is invalid and the jobs of an older version are in use.',
  },
  jobs: { type: 'gauge', name: 'pillion_cron_jobs', help: 'Jobs that are scheduled.' },
});

/** Read from the system at each scrape. */
export const CHILD_METRICS = defineMetrics({
  zombies: {
    type: 'gauge',
    name: 'pillion_cron_zombies',
    help: 'Ended orphans of jobs that are not reaped: above 0 only as PID 1 without an init program.',
  },
});

/** All that are served without asking for more. */
export const CRON_METRICS = { ...JOB_METRICS, ...SCHEDULER_METRICS, ...CHILD_METRICS };

const SUPERCRONIC_LABELS = ['command', 'position', 'schedule'] as const;

/** supercronic's names, with `--metrics-compat`; its `command` label holds the job's name here. */
export const SUPERCRONIC_METRICS = defineMetrics({
  running: {
    type: 'gauge',
    name: 'supercronic_currently_running',
    help: 'count of currently running cron executions',
    labels: SUPERCRONIC_LABELS,
  },
  executions: {
    type: 'counter',
    name: 'supercronic_executions',
    help: 'count of cron executions',
    labels: SUPERCRONIC_LABELS,
  },
  successes: {
    type: 'counter',
    name: 'supercronic_successful_executions',
    help: 'count of successful cron executions',
    labels: SUPERCRONIC_LABELS,
  },
  failures: {
    type: 'counter',
    name: 'supercronic_failed_executions',
    help: 'count of failed cron executions',
    labels: SUPERCRONIC_LABELS,
  },
  deadlines: {
    type: 'counter',
    name: 'supercronic_deadline_exceeded',
    help: 'count of exceeded deadline cron executions',
    labels: SUPERCRONIC_LABELS,
  },
  duration: {
    type: 'histogram',
    name: 'supercronic_cron_execution_time_seconds',
    help: 'duration of the cron executions',
    labels: SUPERCRONIC_LABELS,
    buckets: [10, 30, 60, 120, 300, 600, 1800, 3600],
  },
});
