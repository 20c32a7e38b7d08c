import { httpOptions } from '../../core/http/options.ts';
import { defineOptions, option, type Values } from '../../core/options/option.ts';
import { bool, choice, duration, int, string, strings } from '../../core/options/value-types.ts';
import { variableName } from '../../core/options/variable-name.ts';

const env = (flag: string): string[] => [variableName('CREDENTIALS', flag)];

/** About the process: these are also keys of the configuration file. */
export const PROCESS_OPTIONS = defineOptions({
  oneTime: option({
    flag: 'one-time',
    type: bool,
    default: false,
    env: env('one-time'),
    help: 'Write every credential once and exit: for an init container. What is to be reloaded need not run yet.',
  }),
  retryFor: option({
    flag: 'retry-for',
    type: duration,
    default: 60_000,
    env: env('retry-for'),
    help: 'How long --one-time tries again what fails before it exits with 1.',
  }),
  ...httpOptions(env),
  logLevel: option<'info' | 'warn' | 'debug'>({
    flag: 'log-level',
    type: choice('info', 'warn', 'debug'),
    default: 'info',
    env: env('log-level'),
    help: 'The least important lines that are printed.',
  }),
  grace: option({
    flag: 'grace',
    type: duration,
    default: 5000,
    env: env('grace'),
    help: 'How long a stop waits for what is under way. Below the terminationGracePeriodSeconds of the pod.',
  }),
});

/** One credential; several need a configuration file. */
export const CREDENTIAL_OPTIONS = defineOptions({
  provider: option({
    flag: 'provider',
    type: string,
    default: '',
    env: env('provider'),
    help: 'Where the credential comes from: aws-rds, gcp, azure, vault, exec, http or file.',
  }),
  host: option({
    flag: 'host',
    type: string,
    default: '',
    env: env('host'),
    help: 'Host of the database. For aws-rds the endpoint that RDS shows, never an alias.',
  }),
  port: option({
    flag: 'port',
    type: int,
    default: 0,
    defaultText: '5432 for aws-rds',
    env: env('port'),
    help: 'Port of the database.',
    check: (value) => (value >= 0 && value <= 65_535 ? undefined : 'must be a port'),
  }),
  user: option({
    flag: 'user',
    type: string,
    default: '',
    env: env('user'),
    help: 'User of the database, where the source does not name one.',
  }),
  database: option({
    flag: 'database',
    type: string,
    default: '',
    env: env('database'),
    help: 'Database, for outputs that name one.',
  }),
  region: option({
    flag: 'region',
    type: string,
    default: '',
    env: env('region'),
    defaultText: 'from the host, or AWS_REGION',
    help: 'Region of the instance, for aws-rds.',
  }),
  set: option({
    flag: 'set',
    type: strings,
    default: [],
    help: 'KEY=VALUE of another key of the configuration of this credential, e.g. timeout=10s. May repeat.',
  }),
  output: option({
    flag: 'output',
    type: strings,
    default: [],
    help: 'FORMAT=PATH of a file to write: pgbouncer, pgpass, pg-service, mysql, env, json, raw; ,mode=0640 may follow. May repeat.',
  }),
  reload: option({
    flag: 'reload',
    type: strings,
    default: [],
    help: 'What to tell of a new credential: pgbouncer=HOST:PORT or its socket directory, signal=PIDFILE, http=URL, command=PROGRAM. May repeat.',
  }),
});

export const RUN_OPTIONS = defineOptions({
  config: option({
    flag: 'config',
    type: string,
    default: '',
    env: env('config'),
    help: 'A YAML file with one or more credentials, and with the flags about the process as keys.',
  }),
  ...CREDENTIAL_OPTIONS,
  ...PROCESS_OPTIONS,
  verbose: option({
    flag: 'verbose',
    short: 'v',
    type: int,
    default: 0,
    help: 'More detail with a higher number.',
  }),
  help: option({ flag: 'help', short: 'h', type: bool, default: false, help: 'Show this page.' }),
  version: option({ flag: 'version', type: bool, default: false, help: 'Print the version.' }),
});
export type RunValues = Values<typeof RUN_OPTIONS>;

export const CHECK_OPTIONS = defineOptions({
  login: option({
    flag: 'login',
    type: bool,
    default: false,
    help: 'Also log in: to the database where test-login says so. Nothing is written or reloaded.',
  }),
});
