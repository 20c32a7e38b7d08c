import { defineOptions, option, type Values } from '../../core/options/option.ts';
import { bool, choice, duration, int, string, strings } from '../../core/options/value-types.ts';
import type { PushRacePolicy } from '../model.ts';
import {
  accessOptions,
  COMMAND_FORM,
  backupVariables as env,
  notNegative,
  processOptions,
  repositoryOptions,
  shortPath,
  snapshotId,
} from './shared.ts';

const keep = (flag: string, what: string) =>
  option({
    flag,
    type: int,
    default: 0,
    env: env(flag),
    help: `Keep ${what}; 0 for no such rule. Without any rule nothing is ever removed.`,
    check: notNegative,
  });

/** Which snapshots stay. */
export const RETENTION_OPTIONS = defineOptions({
  keepLast: keep('keep-last', 'so many of the newest snapshots'),
  keepHourly: keep('keep-hourly', 'the last snapshot of each of so many hours'),
  keepDaily: keep('keep-daily', 'the last snapshot of each of so many days'),
  keepWeekly: keep('keep-weekly', 'the last snapshot of each of so many weeks'),
  keepMonthly: keep('keep-monthly', 'the last snapshot of each of so many months'),
  keepWithin: option({
    flag: 'keep-within',
    type: duration,
    default: 0,
    env: env('keep-within'),
    help: 'Keep every snapshot that is younger than this.',
    check: notNegative,
  }),
});

/** What every sub-command of `backup` takes. */
export const REACH_OPTIONS = defineOptions({
  ...repositoryOptions(env),
  ...accessOptions(env),
  ...processOptions(env, 20_000),
});
export type ReachValues = Values<typeof REACH_OPTIONS>;

/** How one backup is made. */
export const MAKE_OPTIONS = defineOptions({
  init: option({
    flag: 'init',
    type: bool,
    default: false,
    env: env('init'),
    help: 'Make the repository when there surely is none.',
  }),
  pre: option({
    flag: 'pre',
    type: strings,
    default: [],
    env: env('pre'),
    help: `What to run before the volume is read: a dump, a freeze. ${COMMAND_FORM} A failure ends the backup. May repeat.`,
  }),
  post: option({
    flag: 'post',
    type: strings,
    default: [],
    env: env('post'),
    help: `What to run afterwards, whatever the outcome, which is in $PILLION_BACKUP_RESULT: success or failure. ${COMMAND_FORM} May repeat.`,
  }),
  hookTimeout: option({
    flag: 'hook-timeout',
    type: duration,
    default: 600_000,
    env: env('hook-timeout'),
    help: 'Limit of a hook.',
  }),
  maxShrink: option({
    flag: 'max-shrink',
    type: int,
    default: 50,
    env: env('max-shrink'),
    help: 'Refuse to back up a volume that has lost more than so many percent of its files or bytes since the last snapshot; 100 for no limit.',
    check: (value) => (value >= 0 && value <= 100 ? undefined : 'must be from 0 to 100'),
  }),
  allowShrink: option({
    flag: 'allow-shrink',
    type: bool,
    default: false,
    help: 'Back up a shrunken volume this time.',
  }),
  allowUnmarked: option({
    flag: 'allow-unmarked',
    type: bool,
    default: false,
    env: env('allow-unmarked'),
    help: 'Back up a volume that no `pillion restore` has looked at, though the repository has snapshots of that name.',
  }),
  attempts: option({
    flag: 'attempts',
    type: int,
    default: 3,
    env: env('attempts'),
    help: 'How often the volume is read when files change meanwhile, before those are marked as changing.',
    check: (value) => (value >= 1 ? undefined : 'must be at least 1'),
  }),
  retryLock: option({
    flag: 'retry-lock',
    type: duration,
    default: 300_000,
    env: env('retry-lock'),
    help: 'How long to wait for a lock that another writer holds in the repository.',
    check: notNegative,
  }),
  onPushRace: option<PushRacePolicy>({
    flag: 'on-push-race',
    type: choice('fail', 'branch', 'overwrite'),
    default: 'fail',
    env: env('on-push-race'),
    help: 'When somebody else has pushed to the branch of git while the volume was backed up: fail, and leave it to the next backup, which goes on behind them; push to a new branch next to it; or overwrite what they have pushed, and nothing that came later.',
  }),
  gitAllowSecrets: option({
    flag: 'git-allow-secrets',
    type: bool,
    default: false,
    env: env('git-allow-secrets'),
    help: 'Also commit files that look like keys or passwords: git shows them to all who may read the repository, for ever.',
  }),
  ...RETENTION_OPTIONS,
});

export const BACKUP_OPTIONS = defineOptions({
  ...REACH_OPTIONS,
  ...MAKE_OPTIONS,
  schedule: option({
    flag: 'schedule',
    type: string,
    default: '',
    env: env('schedule'),
    help: 'When to back up, as in a crontab: "30 2 * * *", @hourly, "@every 6h", "H 3 * * *".',
  }),
  runAt: option({
    flag: 'run-at',
    type: string,
    default: '',
    env: [...env('run-at'), 'RUNAT'],
    help: 'A time of day HH:MM, or several with commas, instead of --schedule.',
  }),
  tz: option({
    flag: 'tz',
    type: string,
    default: '',
    defaultText: '$TZ or the system',
    env: env('tz'),
    help: 'Time zone of the schedules.',
  }),
  onStop: option({
    flag: 'on-stop',
    type: bool,
    default: false,
    env: env('on-stop'),
    help: 'One more backup at the end: in a native sidecar, which is stopped after the application. --grace must leave time for it.',
  }),
  oneTime: option({
    flag: 'one-time',
    type: bool,
    default: false,
    env: env('one-time'),
    help: 'Back up once and exit, whatever the schedule says.',
  }),
  retries: option({
    flag: 'retries',
    type: int,
    default: 3,
    env: env('retries'),
    help: 'How often a scheduled backup that has failed is tried again.',
    check: notNegative,
  }),
  retryDelay: option({
    flag: 'retry-delay',
    type: duration,
    default: 60_000,
    env: env('retry-delay'),
    help: 'Before the first retry; doubles with each further one.',
  }),
  backupTimeout: option({
    flag: 'timeout',
    type: duration,
    default: 6 * 3_600_000,
    env: env('timeout'),
    help: 'Limit of one backup with everything that belongs to it.',
  }),
  maxAge: option({
    flag: 'max-age',
    type: duration,
    default: 0,
    defaultText: 'no limit',
    env: env('max-age'),
    help: 'Not ready when the last successful backup is older than this.',
  }),
  verifySchedule: option({
    flag: 'verify-schedule',
    type: string,
    default: '',
    env: env('verify-schedule'),
    help: 'When to check the repository itself, as --schedule.',
  }),
  verifyPercent: option({
    flag: 'verify-percent',
    type: int,
    default: 5,
    env: env('verify-percent'),
    help: "Percent of the repository's data that a check reads.",
    check: (value) => (value >= 0 && value <= 100 ? undefined : 'must be from 0 to 100'),
  }),
  drillSchedule: option({
    flag: 'drill-schedule',
    type: string,
    default: '',
    env: env('drill-schedule'),
    help: 'When to restore the newest snapshot into the work directory and compare it, as --schedule.',
  }),
  triggerTokenFile: option({
    flag: 'trigger-token-file',
    type: string,
    default: '',
    env: env('trigger-token-file'),
    help: 'File with a token, or a line for each: POST /backup with it as bearer token starts a backup and answers when it has ended.',
    check: shortPath,
  }),
});
export type BackupValues = Values<typeof BACKUP_OPTIONS>;

/** `backup now`: once, here, and the result as JSON. */
export const NOW_OPTIONS = defineOptions({ ...REACH_OPTIONS, ...MAKE_OPTIONS });

const snapshotOption = option({
  flag: 'snapshot',
  type: string,
  default: '',
  defaultText: 'the newest',
  help: 'Id of the snapshot, or its beginning.',
  check: snapshotId,
});

const outputOption = option<'text' | 'json'>({
  flag: 'output',
  short: 'o',
  type: choice('text', 'json'),
  default: 'text',
  help: 'What is printed.',
});

export const SNAPSHOTS_OPTIONS = defineOptions({ ...REACH_OPTIONS, output: outputOption });
export const VERIFY_OPTIONS = defineOptions({
  ...REACH_OPTIONS,
  percent: option({
    flag: 'percent',
    type: int,
    default: 100,
    help: "Percent of the repository's data that is read.",
    check: (value) => (value >= 0 && value <= 100 ? undefined : 'must be from 0 to 100'),
  }),
});
export const DRILL_OPTIONS = defineOptions({ ...REACH_OPTIONS, snapshot: snapshotOption });
export const LS_OPTIONS = defineOptions({ ...REACH_OPTIONS, snapshot: snapshotOption });
