import { defineMetrics } from '../core/metrics/metrics.ts';

/** Counted by `pillion restore`. */
export const RESTORE_METRICS = defineMetrics({
  unknown: {
    type: 'counter',
    name: 'pillion_restore_repository_unknown_total',
    help: 'Times that the repository could not say what it holds, by reason: unreachable, denied, absent, password, damaged, tool, failed.',
    labels: ['reason'],
  },
  fallbacks: {
    type: 'counter',
    name: 'pillion_restore_fallbacks_total',
    help: 'Snapshots that were given up for an older one: they could not be read, or did not verify.',
  },
  decision: {
    type: 'gauge',
    name: 'pillion_restore_decision',
    help: '1 for what is done about the volume: nothing, adopt, start-empty, restore, refuse.',
    labels: ['action'],
  },
});

/** Read from a restore at each scrape. */
export const RESTORE_GAUGES = defineMetrics({
  percent: {
    type: 'gauge',
    name: 'pillion_restore_progress_percent',
    help: 'How far the current phase of a restore is; absent while it is not known.',
  },
  bytes: {
    type: 'gauge',
    name: 'pillion_restore_phase_bytes',
    help: 'Bytes that the current phase of a restore has done.',
  },
  waiting: {
    type: 'gauge',
    name: 'pillion_restore_waiting',
    help: '1 while a restore waits for a repository that cannot be asked.',
  },
});

/** Read from the running `pillion backup` at each scrape. */
export const BACKUP_GAUGES = defineMetrics({
  runs: {
    type: 'counter',
    name: 'pillion_backup_runs_total',
    help: 'Backups that have ended, by result: success, failure, refused (the volume is empty, half restored or has lost too much).',
    labels: ['result'],
  },
  lastAttempt: {
    type: 'gauge',
    name: 'pillion_backup_last_attempt_timestamp_seconds',
    help: 'When a backup last began.',
  },
  lastSuccess: {
    type: 'gauge',
    name: 'pillion_backup_last_success_timestamp_seconds',
    help: 'When a backup was last read back; at first, of when the newest snapshot is.',
  },
  lastDuration: {
    type: 'gauge',
    name: 'pillion_backup_last_duration_seconds',
    help: 'Duration of the last successful backup in seconds.',
  },
  files: { type: 'gauge', name: 'pillion_backup_files', help: 'Files in the last snapshot.' },
  bytes: { type: 'gauge', name: 'pillion_backup_bytes', help: 'Bytes in the files of the last snapshot.' },
  added: {
    type: 'gauge',
    name: 'pillion_backup_added_bytes',
    help: 'Bytes that the repository grew by with the last snapshot, where the engine knows.',
  },
  changing: {
    type: 'gauge',
    name: 'pillion_backup_changing_files',
    help: 'Files of the last snapshot that changed while they were read, and are not compared at a restore.',
  },
  nextRun: {
    type: 'gauge',
    name: 'pillion_backup_next_run_timestamp_seconds',
    help: 'When the next backup is due; absent when none is.',
  },
  percent: {
    type: 'gauge',
    name: 'pillion_backup_progress_percent',
    help: 'How far the current phase is; absent while it is not known.',
  },
  lastVerify: {
    type: 'gauge',
    name: 'pillion_backup_last_verify_success_timestamp_seconds',
    help: 'When a check of the repository last found nothing.',
  },
  problems: {
    type: 'gauge',
    name: 'pillion_backup_verify_problems',
    help: 'What the last check of the repository has found.',
  },
  lastDrill: {
    type: 'gauge',
    name: 'pillion_backup_last_drill_success_timestamp_seconds',
    help: 'When a snapshot was last restored into scratch and was right.',
  },
});
