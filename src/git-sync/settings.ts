/** What a run of git-sync is asked to do, whichever dialect said it. Durations are milliseconds. */
import type { processOptions, scheduleOptions, waitOptions } from './options/process.ts';
import type { repositoriesOptions } from './options/repositories.ts';
import type { SettingsOf } from './options/setting.ts';
import type { SyncSpec } from './sync/spec.ts';

/**
 * When the repository is synced, and when that is given up: at the Nth failure in a row; 0 and 1 are the same, negative is
 * never.
 */
export interface Schedule extends SettingsOf<typeof scheduleOptions & typeof waitOptions> {
  /** The wait between passes until the first success. */
  readonly initPeriodMs: number;
  /** The failures that count until the first success. */
  readonly initMaxFailures: number;
  /**
   * Nobody has said how many failures may be. Then an outage of the server or the network, or a commit that a gate
   * refuses, does not end the process once a sync has succeeded: a pod that is restarted has no more data than before.
   */
  readonly forgivesOutages: boolean;
  /** The process ends after the first success. */
  readonly oneTime: boolean;
}

/** What concerns the process, however many repositories it syncs. */
export interface ProcessSettings extends SettingsOf<typeof processOptions & typeof repositoriesOptions> {
  /** What the user set, already safe to log: flag or variable name and value, secrets replaced. */
  readonly shown: Readonly<Record<string, string>>;
}

export interface GitSyncSettings extends SyncSpec, Schedule, ProcessSettings {}
