import { defineOptions, option, type Values } from '../../core/options/option.ts';
import { bool, choice, duration, int, string, strings } from '../../core/options/value-types.ts';
import { MAX_SAMPLE } from '../model.ts';
import {
  accessOptions,
  COMMAND_FORM,
  restoreVariables as env,
  notNegative,
  processOptions,
  repositoryOptions,
  snapshotId,
} from './shared.ts';
import { size } from './value-types.ts';

const percent = (value: number) => (value >= 0 && value <= 100 ? undefined : 'must be from 0 to 100');

/** What a volume must pass to count as good: asked before anything else. */
export const CHECK_OPTIONS = defineOptions({
  check: option({
    flag: 'check',
    type: strings,
    default: [],
    env: env('check'),
    help: `A command that exits with 0 for a good volume, such as grep -q . VERSION. ${COMMAND_FORM} It runs in the volume. May repeat.`,
  }),
  checkSqlite: option({
    flag: 'check-sqlite',
    type: strings,
    default: [],
    env: env('check-sqlite'),
    help: 'A SQLite database below the volume that passes "PRAGMA quick_check" in a good one, if it is there. May repeat.',
  }),
  checkSample: option({
    flag: 'check-sample',
    type: int,
    default: 0,
    env: env('check-sample'),
    help: `Compare so many files with the last snapshot that was restored or backed up, picked at random from up to ${MAX_SAMPLE}: other content with the same size and time is corruption. At most 256 MiB and 30 s are spent on it.`,
    check: (value) => (value >= 0 && value <= MAX_SAMPLE ? undefined : `must be from 0 to ${MAX_SAMPLE}`),
  }),
  checkTimeout: option({
    flag: 'check-timeout',
    type: duration,
    default: 300_000,
    env: env('check-timeout'),
    help: 'Limit of a check. One that does not end says nothing about the volume: the restore then refuses.',
  }),
  require: option({
    flag: 'require',
    type: strings,
    default: [],
    env: env('require'),
    help: 'A path below the volume that a good one has. May repeat.',
  }),
  minSize: option({
    flag: 'min-size',
    type: size,
    default: 0,
    env: env('min-size'),
    help: 'A good volume has at least so many bytes in its files.',
  }),
  ignore: option({
    flag: 'ignore',
    type: strings,
    default: [],
    env: env('ignore'),
    help: 'Name of an entry that does not keep a volume from being empty, besides lost+found. May repeat.',
  }),
  repair: option({
    flag: 'repair',
    type: strings,
    default: [],
    env: env('repair'),
    help: `What to try on a corrupt volume before it is restored; the checks then decide again. ${COMMAND_FORM} May repeat.`,
  }),
  repairTimeout: option({
    flag: 'repair-timeout',
    type: duration,
    default: 600_000,
    env: env('repair-timeout'),
    help: 'Limit of a repair.',
  }),
});

export const RESTORE_OPTIONS = defineOptions({
  ...repositoryOptions(env),
  plan: option({
    flag: 'plan',
    type: bool,
    default: false,
    help: 'Print what was found, what would be done and why, as JSON; change nothing. Exit code 0: nothing to do, 10: would change the volume, 1: would refuse.',
  }),
  onMissing: option<'fail' | 'allow'>({
    flag: 'on-missing',
    type: choice('fail', 'allow'),
    default: 'fail',
    env: env('on-missing'),
    help: 'Whether the application may start on an empty volume when the repository is absent or has no snapshot of it: for the very first start. An unreachable repository never counts.',
  }),
  timeout: option({
    flag: 'timeout',
    type: duration,
    default: 600_000,
    // Its own alone: that of `backup` is for something else.
    env: ['PILLION_RESTORE_TIMEOUT'],
    help: 'How long to wait for a repository that cannot be asked, before exit code 1; 0 asks once.',
    check: notNegative,
  }),
  retryWait: option({
    flag: 'retry-wait',
    type: duration,
    default: 30_000,
    env: env('retry-wait'),
    help: 'The longest wait between two questions to such a repository.',
  }),
  snapshot: option({
    flag: 'snapshot',
    type: string,
    default: '',
    env: env('snapshot'),
    help: 'Restore this snapshot alone, by its id, instead of the newest that verifies.',
    check: snapshotId,
  }),
  maxFallback: option({
    flag: 'max-fallback',
    type: int,
    default: 3,
    env: env('max-fallback'),
    help: 'How many older snapshots are tried when the newest does not verify.',
    check: notNegative,
  }),
  verify: option({
    flag: 'verify',
    type: int,
    default: 100,
    env: env('verify'),
    help: 'Percent of the restored files whose content is compared with the manifest; names, sizes, modes and owners of all are.',
    check: percent,
  }),
  strictOwner: option({
    flag: 'strict-owner',
    type: bool,
    default: false,
    env: env('strict-owner'),
    help: 'Owners that could not be restored, which only root can, are an error instead of a warning.',
  }),
  keepQuarantines: option({
    flag: 'keep-quarantines',
    type: int,
    default: 2,
    env: env('keep-quarantines'),
    help: 'How many replaced contents stay in .pillion on the volume.',
    check: (value) => (value >= 1 ? undefined : 'must be at least 1'),
  }),
  ...CHECK_OPTIONS,
  after: option({
    flag: 'after',
    type: strings,
    default: [],
    env: env('after'),
    help: `What to run before the application starts, in order: schema migrations, ownership. ${COMMAND_FORM} Once for each restored snapshot and each --after-version. May repeat.`,
  }),
  afterVersion: option({
    flag: 'after-version',
    type: string,
    default: '',
    env: env('after-version'),
    help: "The application's version: with another one the --after commands run again.",
  }),
  afterTimeout: option({
    flag: 'after-timeout',
    type: duration,
    default: 600_000,
    env: env('after-timeout'),
    help: 'Limit of an --after command.',
  }),
  ...accessOptions(env),
  ...processOptions(env, 20_000),
});
export type RestoreValues = Values<typeof RESTORE_OPTIONS>;
