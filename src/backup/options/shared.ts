/** Options that `restore` and `backup` have under the same names: what is kept, where, and how it is reached. */
import { isAbsolute } from 'node:path';
import { httpOptions } from '../../core/http/options.ts';
import { defineOptions, option } from '../../core/options/option.ts';
import { bool, choice, duration, int, string, strings } from '../../core/options/value-types.ts';
import { variableName } from '../../core/options/variable-name.ts';
import { faultOfPattern, size } from './value-types.ts';

export type Variables = (flag: string) => readonly string[];

/** The variables of `backup`. */
export const backupVariables: Variables = (flag) => [variableName('BACKUP', flag)];

/** Those of `restore`: its own, and else what `backup` was told, so that both containers may have one environment. */
export const restoreVariables: Variables = (flag) => [
  variableName('RESTORE', flag),
  variableName('BACKUP', flag),
];

/** As engines make them, or the beginning of one. */
export const snapshotId = (value: string) =>
  /^[A-Za-z0-9._:-]{0,100}$/.test(value) ? undefined : 'must be the id of a snapshot, or its beginning';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,99}$/;

/** PATH_MAX of Linux, with the NUL: the kernel refuses what is longer, and a message would repeat it. */
const MAX_PATH = 4096;

export const shortPath = (value: string) =>
  value.length < MAX_PATH ? undefined : `must have fewer than ${MAX_PATH} characters`;
const shortPaths = (values: readonly string[]) =>
  values.map(shortPath).find((problem) => problem !== undefined);
export const absolutePath = (value: string) =>
  value === '' || isAbsolute(value) ? shortPath(value) : 'must be an absolute path';
export const notNegative = (value: number) => (value >= 0 ? undefined : 'must not be negative');

/** What is kept and where. */
export function repositoryOptions(env: Variables) {
  return defineOptions({
    volume: option({
      flag: 'volume',
      type: string,
      default: '',
      env: env('volume'),
      help: 'The directory whose content is kept: where the volume is mounted. An absolute path.',
      check: absolutePath,
    }),
    volumeTimeout: option({
      flag: 'volume-timeout',
      type: duration,
      default: 120_000,
      env: env('volume-timeout'),
      help: 'How long the file system of the volume may take to answer a call. After that, and twice that at the latest, the command fails, or is ended when it is blocked.',
      check: (value) => (value >= 1000 ? undefined : 'must be at least 1s'),
    }),
    repository: option({
      flag: 'repository',
      type: string,
      default: '',
      env: [...env('repository'), 'RESTIC_REPOSITORY'],
      secret: 'url',
      help: "Where the backups are. restic's own words (s3:URL, rest:URL, sftp:USER@HOST:/PATH, azure:, gs:, b2:, swift:, rclone:, /PATH), git+ssh://, git+https:// or git+file:// with #BRANCH, or dir:/PATH.",
      check: shortPath,
    }),
    name: option({
      flag: 'name',
      type: string,
      default: '',
      defaultText: 'the last part of the path of the volume',
      env: env('name'),
      help: 'Name of the volume in its repository: only snapshots with this name are ever restored. Volumes that share a repository need different ones.',
      check: (value) =>
        value === '' || NAME.test(value)
          ? undefined
          : 'must begin with a letter or digit, and have letters, digits and ._@:- only, at most 100',
    }),
    exclude: option({
      flag: 'exclude',
      type: strings,
      default: [],
      env: env('exclude'),
      help: 'A path below the volume that is no part of its content; * stands for any characters but a slash, and a pattern without a slash holds in every directory. May repeat.',
      check: (values) => values.map(faultOfPattern).find((fault) => fault !== undefined),
    }),
    workDir: option({
      flag: 'work-dir',
      type: string,
      default: '',
      defaultText: 'a new directory in $TMPDIR, removed at the end',
      env: env('work-dir'),
      help: 'Where caches and temporary files are: private, and kept between runs when it is a volume. An absolute path.',
      check: absolutePath,
    }),
  });
}

/** How the repository is reached. */
export function accessOptions(env: Variables) {
  return defineOptions({
    passwordFile: option({
      flag: 'password-file',
      type: string,
      default: '',
      env: [...env('password-file'), 'RESTIC_PASSWORD_FILE'],
      help: 'File with the password of a restic repository, or of the user in git+https://USER@HOST. Read again at each use.',
      check: shortPath,
    }),
    password: option({
      flag: 'password',
      type: string,
      default: '',
      env: [...env('password'), 'RESTIC_PASSWORD'],
      secret: true,
      envOnly: true,
      help: 'The same password, where there is no file.',
    }),
    sshKeyFile: option({
      flag: 'ssh-key-file',
      type: strings,
      default: [],
      env: env('ssh-key-file'),
      help: 'SSH private key for git+ssh: and sftp:. May repeat.',
      check: shortPaths,
    }),
    sshKnownHostsFile: option({
      flag: 'ssh-known-hosts-file',
      type: string,
      default: '',
      env: env('ssh-known-hosts-file'),
      help: 'Keys of SSH servers; others are refused. Without it, any key is taken.',
      check: shortPath,
    }),
    cacert: option({
      flag: 'cacert',
      type: string,
      default: '',
      env: [...env('cacert'), 'RESTIC_CACERT'],
      help: 'File with certificates of authorities to trust for s3: and rest:, and git+https:.',
      check: shortPath,
    }),
    limitUpload: option({
      flag: 'limit-upload',
      type: int,
      default: 0,
      env: env('limit-upload'),
      help: 'At most so many KiB per second to the repository (restic); 0 for no limit.',
      check: notNegative,
    }),
    limitDownload: option({
      flag: 'limit-download',
      type: int,
      default: 0,
      env: env('limit-download'),
      help: 'At most so many KiB per second from the repository (restic); 0 for no limit.',
      check: notNegative,
    }),
    resticOption: option({
      flag: 'restic-option',
      type: strings,
      default: [],
      env: env('restic-option'),
      help: "KEY=VALUE of restic's extended options, such as s3.bucket-lookup=path or s3.connections=2. May repeat.",
    }),
    cacheLimit: option({
      flag: 'cache-limit',
      type: size,
      default: 2 * 1024 ** 3,
      env: env('cache-limit'),
      help: 'How large the cache of restic in --work-dir may be between two backups. A larger one is removed, and fetched again as far as it is needed; 0 keeps none.',
    }),
    callTimeout: option({
      flag: 'call-timeout',
      type: duration,
      default: 60_000,
      env: env('call-timeout'),
      help: 'How long the repository may take to say what it holds. The limit is needed: restic alone tries for 15 minutes.',
      check: (value) => (value > 0 ? undefined : 'must be more than 0'),
    }),
  });
}

/** About the process. */
export function processOptions(env: Variables, graceMs: number) {
  return defineOptions({
    ...httpOptions(env),
    logLevel: option<'info' | 'warn' | 'debug'>({
      flag: 'log-level',
      type: choice('info', 'warn', 'debug'),
      default: 'info',
      env: env('log-level'),
      help: 'The least important lines that are printed.',
    }),
    verbose: option({
      flag: 'verbose',
      short: 'v',
      type: int,
      default: 0,
      help: 'More detail with a higher number.',
    }),
    grace: option({
      flag: 'grace',
      type: duration,
      default: graceMs,
      env: env('grace'),
      help: 'How long a stop waits for what is under way. Below the terminationGracePeriodSeconds of the pod.',
      check: notNegative,
    }),
    config: option({
      flag: 'config',
      type: string,
      default: '',
      env: env('config'),
      help: 'A YAML file with the names of flags as keys.',
      check: shortPath,
    }),
    help: option({ flag: 'help', short: 'h', type: bool, default: false, help: 'Show this page.' }),
    version: option({ flag: 'version', type: bool, default: false, help: 'Print the version.' }),
  });
}

/** A command line as an option holds it. */
export const COMMAND_FORM =
  'A program with its arguments, quoted as in a shell, which is not used: sh -c "..." starts one.';
