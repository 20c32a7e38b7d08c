/** What a run of git-sync is asked to do, whichever dialect said it. Durations are milliseconds. */
import type { SyncSpec } from './sync/spec.ts';

/** When the repository is synced, and when that is given up. */
export interface Schedule {
  /** The wait between passes. */
  readonly periodMs: number;
  /** The same until the first success. */
  readonly initPeriodMs: number;
  /** The process ends at the Nth failure in a row; 0 and 1 are the same, negative is never. */
  readonly maxFailures: number;
  /** The same until the first success. */
  readonly initMaxFailures: number;
  /** The process ends after the first success. */
  readonly oneTime: boolean;
}

/** What concerns the process, however many repositories it syncs. */
export interface ProcessSettings {
  readonly http?: { readonly bind: string; readonly metrics: boolean; readonly pprof: boolean };
  readonly syncOnSignal?: NodeJS.Signals;
  /** Whether a user without a passwd entry gets one. */
  readonly addUser: boolean;
  readonly groupWrite: boolean;
  /** Absolute, or relative to the root as it was given; empty for none. */
  readonly errorFile: string;
  readonly verbosity: number;
  /** What the user set, already safe to log: flag or variable name and value, secrets replaced. */
  readonly shown: Readonly<Record<string, string>>;
}

export interface GitSyncSettings extends SyncSpec, Schedule, ProcessSettings {}
