/** The options of the process: when it syncs, when it gives up, what it logs and serves. */
import { option } from '../../core/options/option.ts';
import { bool, duration, float, int, string } from '../../core/options/value-types.ts';
import { opening, setting } from './setting.ts';
import { parseSignal } from './signal-names.ts';

const SECOND = 1000;

export const scheduleOptions = {
  period: setting('periodMs', {
    flag: 'period',
    type: duration,
    default: 10 * SECOND,
    env: ['GITSYNC_PERIOD', 'GIT_SYNC_PERIOD'],
    help: 'how long to wait between syncs, at least 10ms; 0 with --trigger-bind: only requests start one, after the first',
  }),
  initPeriod: option({
    flag: 'init-period',
    type: duration,
    default: 0,
    env: ['GITSYNC_INIT_PERIOD'],
    help: 'how long to wait between syncs until one has succeeded, at least 10ms; 0 is the same as --period',
  }),
  maxFailures: setting('maxFailures', {
    flag: 'max-failures',
    type: int,
    default: 0,
    env: ['GITSYNC_MAX_FAILURES', 'GIT_SYNC_MAX_FAILURES'],
    help: 'how many syncs in a row may fail before git-sync gives up; a negative number is any number of them',
  }),
  initMaxFailures: option({
    flag: 'init-max-failures',
    type: int,
    default: 0,
    defaultText: 'the same as --max-failures',
    env: ['GITSYNC_INIT_MAX_FAILURES'],
    help: 'what counts instead of --max-failures until one sync has succeeded (defaults to --max-failures)',
  }),
};

export const waitOptions = {
  jitter: setting('jitter', {
    flag: 'jitter',
    type: float,
    default: 0,
    env: ['GITSYNC_JITTER'],
    help: 'the part of each wait, 0 to 1, that pods differ in: a pod always waits the same, at most so much less',
  }),
  maxBackoff: setting('maxBackoffMs', {
    flag: 'max-backoff',
    type: duration,
    default: 0,
    env: ['GITSYNC_MAX_BACKOFF'],
    help: 'after failed syncs wait twice as long each time, from the period up to this; 0 always waits the period',
  }),
  maxAge: setting('maxAgeMs', {
    flag: 'max-age',
    type: duration,
    default: 0,
    env: ['GITSYNC_MAX_AGE'],
    help: '/readyz is 503 when no sync has succeeded for this long; 0 is no limit',
  }),
};

export const processOptions = {
  verbose: setting('verbosity', {
    flag: 'verbose',
    short: 'v',
    type: int,
    default: 0,
    env: ['GITSYNC_VERBOSE'],
    help: 'how much to log, from 0 to 9',
  }),
  errorFile: setting('errorFile', {
    flag: 'error-file',
    type: string,
    default: '',
    env: ['GITSYNC_ERROR_FILE', 'GIT_SYNC_ERROR_FILE'],
    help: 'a file that holds the last error until a sync succeeds, absolute or relative to --root',
  }),
  syncOnSignal: setting(
    'syncOnSignal',
    {
      flag: 'sync-on-signal',
      type: string,
      default: '',
      env: ['GITSYNC_SYNC_ON_SIGNAL', 'GIT_SYNC_SYNC_ON_SIGNAL'],
      help: 'a signal, by name or number (e.g. SIGHUP), that starts a sync at once',
    },
    parseSignal,
  ),
  triggerBind: opening('trigger.bind', {
    flag: 'trigger-bind',
    type: string,
    default: '',
    env: ['GITSYNC_TRIGGER_BIND'],
    help: "where to wait for requests to sync, e.g. ':9377': POSTs from the webhook of a forge, or with a bearer token",
  }),
  triggerSecretFile: setting('trigger.secretFile', {
    flag: 'trigger-secret-file',
    type: string,
    default: '',
    env: ['GITSYNC_TRIGGER_SECRET_FILE'],
    help: 'a file with the secrets that requests to --trigger-bind must know, a line each; read again when it changes',
  }),
  addUser: setting('addUser', {
    flag: 'add-user',
    type: bool,
    default: false,
    env: ['GITSYNC_ADD_USER', 'GIT_SYNC_ADD_USER'],
    help: 'give the current user a line in /etc/passwd if it has none (ssh asks for one)',
  }),
  httpBind: opening('http.bind', {
    flag: 'http-bind',
    type: string,
    default: '',
    env: ['GITSYNC_HTTP_BIND', 'GIT_SYNC_HTTP_BIND'],
    help: "where to answer HTTP, e.g. ':9376' or '127.0.0.1:9376'; '/' is 503 until the first sync has succeeded",
  }),
  httpMetrics: setting('http.metrics', {
    flag: 'http-metrics',
    type: bool,
    default: false,
    env: ['GITSYNC_HTTP_METRICS', 'GIT_SYNC_HTTP_METRICS'],
    help: 'serve Prometheus metrics at /metrics; needs --http-bind',
  }),
  httpPprof: setting('http.pprof', {
    flag: 'http-pprof',
    type: bool,
    default: false,
    env: ['GITSYNC_HTTP_PPROF', 'GIT_SYNC_HTTP_PPROF'],
    help: 'serve facts about this process at /debug/pprof/; needs --http-bind',
  }),
};
