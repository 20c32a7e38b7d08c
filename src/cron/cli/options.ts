import { httpOptions } from '../../core/http/options.ts';
import { defineOptions, option, type Values } from '../../core/options/option.ts';
import { bool, choice, duration, int, string } from '../../core/options/value-types.ts';
import { variableName } from '../../core/options/variable-name.ts';

const env = (flag: string): string[] => [variableName('CRON', flag)];

/** How a file is read: shared by all sub-commands. */
export const READ_OPTIONS = defineOptions({
  dialect: option<'pillion' | 'supercronic'>({
    flag: 'dialect',
    type: choice('pillion', 'supercronic'),
    default: 'pillion',
    env: env('dialect'),
    help: 'Whose crontabs these are, where crons differ; supercronic when started under that name.',
  }),
  fields: option<'year' | 'second'>({
    flag: 'fields',
    type: choice('year', 'second'),
    default: 'year',
    env: env('fields'),
    help: 'What a sixth field is: a year behind the others, or a second in front of them.',
  }),
  dayRule: option<'dialect' | 'vixie' | 'or'>({
    flag: 'day-rule',
    type: choice('dialect', 'vixie', 'or'),
    default: 'dialect',
    env: env('day-rule'),
    help: 'vixie: a day field that begins with * must match too (*/2 with a weekday); or: either one is enough.',
  }),
  envScope: option<'dialect' | 'following' | 'file'>({
    flag: 'env-scope',
    type: choice('dialect', 'following', 'file'),
    default: 'dialect',
    env: env('env-scope'),
    help: 'Whether NAME=value holds for the lines below it or for the whole file.',
  }),
  vixiePercent: option({
    flag: 'vixie-percent',
    type: bool,
    default: false,
    env: env('vixie-percent'),
    help: 'The first % ends the command, what follows is its standard input.',
  }),
  system: option({
    flag: 'system',
    type: bool,
    default: false,
    env: env('system'),
    help: 'The file has a user column, as /etc/crontab and /etc/cron.d; other users than ours are errors.',
  }),
  lenient: option({
    flag: 'lenient',
    type: bool,
    default: false,
    env: env('lenient'),
    help: 'Schedules that can never fire are warnings instead of errors.',
  }),
  tz: option({
    flag: 'tz',
    type: string,
    default: '',
    defaultText: '$TZ or the system',
    env: env('tz'),
    help: 'Time zone of schedules that name none, as TZ has it: Europe/Berlin, EST5EDT,M3.2.0,M11.1.0, a zone file.',
  }),
  hashKey: option({
    flag: 'hash-key',
    type: string,
    default: '',
    defaultText: 'host name',
    env: [...env('hash-key'), 'POD_NAME'],
    help: 'What H, ~ and jitter are spread by, together with the job: the name of the pod.',
  }),
  overlapping: option({
    flag: 'overlapping',
    type: bool,
    default: false,
    help: 'Jobs that do not say otherwise may overlap (overlap=allow).',
  }),
  help: option({ flag: 'help', short: 'h', type: bool, default: false, help: 'Print this page.' }),
});

export type ReadValues = Values<typeof READ_OPTIONS>;

/** How jobs are run. */
export const RUN_OPTIONS = defineOptions({
  ...READ_OPTIONS,
  runAt: option({
    flag: 'run-at',
    type: string,
    default: '',
    env: ['RUNAT'],
    help: 'A time of day HH:MM, or several with commas: run the arguments as a command then, every day.',
  }),
  grace: option({
    flag: 'grace',
    type: duration,
    default: 20_000,
    env: env('grace'),
    help: 'How long a stop waits for running jobs before it ends them.',
  }),
  stateFile: option({
    flag: 'state-file',
    type: string,
    default: '',
    env: env('state-file'),
    help: 'Where to note served starts, for jobs with catch-up.',
  }),
  watch: option({
    flag: 'watch',
    type: bool,
    default: true,
    env: env('watch'),
    help: 'Take a changed file within two seconds; SIGHUP and SIGUSR2 do so in any case.',
  }),
  exitOnFailure: option({
    flag: 'exit-on-failure',
    type: bool,
    default: false,
    env: env('exit-on-failure'),
    help: 'End with the exit code of the first job that fails.',
  }),
  ...httpOptions(env),
  metricsCompat: option({
    flag: 'metrics-compat',
    type: bool,
    default: false,
    env: env('metrics-compat'),
    help: "Also serve supercronic's metrics; their command label holds the job's name.",
  }),
  logLevel: option<'info' | 'warn' | 'debug'>({
    flag: 'log-level',
    type: choice('info', 'warn', 'debug'),
    default: 'info',
    env: env('log-level'),
    help: 'The least important lines that are printed. At warn the output of jobs is not.',
  }),
  verbose: option({
    flag: 'verbose',
    short: 'v',
    type: int,
    default: 0,
    help: 'More detail with a higher number.',
  }),
  passthroughLogs: option({
    flag: 'passthrough-logs',
    type: bool,
    default: false,
    env: env('passthrough-logs'),
    help: 'Print the output of jobs as it is, not as log lines.',
  }),
  splitLogs: option({
    flag: 'split-logs',
    type: bool,
    default: false,
    env: env('split-logs'),
    help: 'Print informational lines to standard output, warnings and errors to standard error.',
  }),
  test: option({ flag: 'test', type: bool, default: false, help: 'Check the file and exit.' }),
  version: option({ flag: 'version', type: bool, default: false, help: 'Print the version.' }),
  debug: option({ flag: 'debug', type: bool, default: false, help: 'The same as --log-level=debug.' }),
  quiet: option({ flag: 'quiet', type: bool, default: false, help: 'The same as --log-level=warn.' }),
  listen: option({
    flag: 'prometheus-listen-address',
    type: string,
    default: '',
    help: "supercronic's --http-bind with --metrics-compat; the port may be left out.",
  }),
  noReap: option({
    flag: 'no-reap',
    type: bool,
    default: false,
    help: 'As PID 1 do not start below an init program.',
  }),
  json: option({ flag: 'json', type: bool, default: false, hidden: true, help: 'Logs always are JSON.' }),
  inotify: option({
    flag: 'inotify',
    type: bool,
    default: false,
    hidden: true,
    help: 'The same as --watch.',
  }),
  sentryDsn: option({
    flag: 'sentry-dsn',
    type: string,
    default: '',
    secret: true,
    hidden: true,
    env: ['SENTRY_DSN'],
    help: 'Accepted, but nothing is sent: use on-failure=URL.',
  }),
  sentryDsnAlias: option({
    flag: 'sentryDsn',
    type: string,
    default: '',
    secret: true,
    hidden: true,
    help: 'As above.',
  }),
  sentryEnvironment: option({
    flag: 'sentry-environment',
    type: string,
    default: '',
    hidden: true,
    help: 'Ignored.',
  }),
  sentryRelease: option({
    flag: 'sentry-release',
    type: string,
    default: '',
    hidden: true,
    help: 'Ignored.',
  }),
});

export type RunValues = Values<typeof RUN_OPTIONS>;

export const NEXT_OPTIONS = defineOptions({
  ...READ_OPTIONS,
  from: option({
    flag: 'from',
    type: string,
    default: '',
    defaultText: 'now',
    help: 'The moment to count from, e.g. 2025-03-09T00:00:00-05:00.',
  }),
  count: option({
    flag: 'count',
    short: 'n',
    type: int,
    default: 10,
    help: 'How many starts to show, of all jobs together.',
    check: (value) => (value >= 1 && value <= 100_000 ? undefined : 'must be from 1 to 100000'),
  }),
  output: option<'text' | 'json'>({
    flag: 'output',
    short: 'o',
    type: choice('text', 'json'),
    default: 'text',
    help: 'Format.',
  }),
});
