import type { JobSpec } from '../grammar/job-spec.ts';
import type { Entry } from '../timetable/entry.ts';
import type { SkipReason } from '../timetable/take-due.ts';
import type { RunResult } from './run-result.ts';

/** Why a run happens. */
export type Cause = 'schedule' | 'start' | 'catch-up' | 'command';

export interface StartRequest {
  readonly cause: Cause;
  /** The due instant it is for. */
  readonly scheduled: number;
  /** When it should begin: that instant with the jitter. */
  readonly wantedAt: number;
}

/** A run in progress. */
export interface ActiveRun extends StartRequest {
  readonly id: string;
  readonly job: string;
  readonly spec: JobSpec;
  readonly iteration: number;
  /** Wall clock. */
  readonly startedAt: number;
  /** Of its job. */
  readonly stats: JobStats;
  /** Ends it: SIGTERM to the group, SIGKILL after the job's `kill-after`. */
  readonly stop: AbortController;
  /** The process group of the present attempt. */
  pid: number | undefined;
  /** Resolves when it has ended and everybody has been told. */
  done: Promise<void>;
}

/** How a run ended. */
export interface RunEnd {
  readonly result: RunResult;
  readonly text: string;
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly attempts: number;
  readonly durationMs: number;
  readonly outputBytes: number;
}

/** A run as `/status` tells it. */
export interface RunRecord {
  readonly run: string;
  readonly cause: Cause;
  readonly scheduled: string;
  readonly started: string;
  readonly durationMs: number;
  readonly result: RunResult;
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly attempts: number;
}

/** Counts since the job was first seen; a reload keeps them. */
export interface JobStats {
  readonly runs: Partial<Record<RunResult, number>>;
  readonly skipped: Partial<Record<SkipReason, number>>;
  readonly pings: { success: number; failure: number };
  retries: number;
  /** Of all runs together. */
  durationMs: number;
  lastDurationMs: number | undefined;
  /** 128 plus the number of the signal that ended it; -1 when it could not be started. */
  lastExitCode: number | undefined;
}

/** What is known of a job while the scheduler lives, whatever a reload makes of its line. */
export interface Job {
  spec: JobSpec;
  readonly running: Map<string, ActiveRun>;
  /** The start that waits for the running one (`overlap=queue` and `replace`). */
  waiting: StartRequest | undefined;
  readonly history: RunRecord[];
  iteration: number;
  lastStart: number | undefined;
  lastSuccess: number | undefined;
  readonly stats: JobStats;
  /** No longer in the table: forgotten when its last run has ended. */
  retired: boolean;
}

export function createJob(spec: JobSpec): Job {
  return {
    spec,
    running: new Map(),
    waiting: undefined,
    history: [],
    iteration: 0,
    lastStart: undefined,
    lastSuccess: undefined,
    stats: {
      runs: {},
      skipped: {},
      pings: { success: 0, failure: 0 },
      retries: 0,
      durationMs: 0,
      lastDurationMs: undefined,
      lastExitCode: undefined,
    },
    retired: false,
  };
}

export interface JobEntry extends Entry {
  readonly job: Job;
}

/** Told what happens to runs; must not throw. */
export interface RunObserver {
  started?(run: ActiveRun): void | Promise<void>;
  ended?(run: ActiveRun, end: RunEnd): void;
  skipped?(job: Job, reason: SkipReason, count: number): void;
}
