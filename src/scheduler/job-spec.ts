import type { JobBody } from './job-body.ts';
import type { Schedule } from './model.ts';
import type { Zone } from './time/zone.ts';

/** What becomes of a start while the job still runs: skipped, run in parallel, instead of the old run, or after it. */
export type OverlapPolicy = 'forbid' | 'allow' | 'replace' | 'queue';

/** How a job is started, limited and repeated. Durations are milliseconds, undefined is no limit. */
export interface JobPolicy {
  readonly overlap: OverlapPolicy;
  /** Limit of an attempt. */
  readonly timeoutMs: number | undefined;
  /** From the request to end to the end by force. */
  readonly killAfterMs: number;
  /** Further attempts after a failure. */
  readonly retries: number;
  /** Before the first retry; doubles with each further one, up to an hour. */
  readonly retryDelayMs: number;
  /** Starts are put off by a part of this that is fixed for pod and job. */
  readonly jitterMs: number;
  /** A start that is later than this is skipped. */
  readonly startDeadlineMs: number | undefined;
  /** A start missed while nothing ran is made up for when it is not older than this (with a state file). */
  readonly catchUpMs: number | undefined;
  readonly runAtStart: boolean;
}

export const DEFAULT_POLICY: JobPolicy = {
  overlap: 'forbid',
  timeoutMs: undefined,
  killAfterMs: 5000,
  retries: 0,
  retryDelayMs: 10_000,
  jitterMs: 0,
  startDeadlineMs: undefined,
  catchUpMs: undefined,
  runAtStart: false,
};

/** A job as the scheduler needs it. Commands extend it with what they know beyond that. */
export interface JobSpec {
  /** Unique among the jobs of a scheduler; the label of logs and metrics, never a command line. */
  readonly name: string;
  readonly schedule: Schedule;
  /** The schedule as it was written. */
  readonly scheduleText: string;
  /** undefined: the zone of the scheduler. */
  readonly zone: Zone | undefined;
  readonly policy: JobPolicy;
  readonly body: JobBody;
  /** Equal for two specs that mean the same: a job whose fingerprint is the same keeps its next start at a reload. */
  readonly fingerprint: string;
  /** How the state file recognises the job after a restart. */
  readonly stateKey: string;
}
