import type { Cause, RunEnd } from '../job-body.ts';
import type { JobSpec } from '../job-spec.ts';
import type { Entry } from '../timetable/entry.ts';
import type { SkipReason } from '../timetable/take-due.ts';

export interface StartRequest {
  readonly cause: Cause;
  /** The due instant it is for. */
  readonly scheduled: number;
  /** When it should begin: that instant with the jitter. */
  readonly wantedAt: number;
}

/** A run in progress. */
export interface ActiveRun<S extends JobSpec = JobSpec> extends StartRequest {
  readonly id: string;
  readonly spec: S;
  readonly iteration: number;
  /** Wall clock. */
  readonly startedAt: number;
  /** Of its job. */
  readonly stats: JobStats;
  /** Asks the run to end. */
  readonly stop: AbortController;
  /** Ends it by force, now. */
  readonly kill: AbortController;
  /** Resolves when it has ended and all observers know. */
  done: Promise<void>;
}

/** How a run ended; `stopped` is our doing: a replacement or the end of the scheduler. */
export type RunResult = RunEnd['result'] | 'timeout' | 'stopped';

/** A run that has ended, all its attempts together. */
export interface RunReport {
  readonly result: RunResult;
  readonly text: string;
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly attempts: number;
  readonly durationMs: number;
  readonly outputBytes: number;
  /** Its body did not end when it was asked and then forced to: it may still work. */
  readonly abandoned: boolean;
}

/** A run as it appears in `/status`. */
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
  readonly abandoned?: boolean;
}

/** Counts since the job was first seen; a reload keeps them. */
export interface JobStats {
  readonly runs: Partial<Record<RunResult, number>>;
  readonly skipped: Partial<Record<SkipReason, number>>;
  retries: number;
  /** Of all runs together. */
  durationMs: number;
  lastDurationMs: number | undefined;
  /** 128 plus the number of the signal that ended it; -1 for a failure without an exit code: not started, no program. */
  lastExitCode: number | undefined;
}

/** What is known of a job while the scheduler lives, whatever a reload makes of its definition. */
export interface Job<S extends JobSpec = JobSpec> {
  spec: S;
  readonly running: Map<string, ActiveRun<S>>;
  /** The start that waits for the running one (`overlap=queue` and `replace`). */
  waiting: StartRequest | undefined;
  /** The newest first. */
  readonly history: RunRecord[];
  iteration: number;
  lastStart: number | undefined;
  lastSuccess: number | undefined;
  readonly stats: JobStats;
  /** No longer scheduled: forgotten when its last run has ended. */
  retired: boolean;
}

export function createJob<S extends JobSpec>(spec: S): Job<S> {
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
      retries: 0,
      durationMs: 0,
      lastDurationMs: undefined,
      lastExitCode: undefined,
    },
    retired: false,
  };
}

export interface JobEntry<S extends JobSpec = JobSpec> extends Entry {
  readonly spec: S;
  readonly job: Job<S>;
}

/** Learns what happens to runs. */
export interface RunObserver<S extends JobSpec = JobSpec> {
  /** Before the first attempt, which waits for what this returns. */
  started?(run: ActiveRun<S>): void | Promise<void>;
  ended?(run: ActiveRun<S>, report: RunReport): void;
  skipped?(job: Job<S>, reason: SkipReason, count: number): void;
}
