/**
 * Every option of `git-sync` v3 (defaults of v3.6.9), once. Each has at most one variable. What v3 has no option for has
 * the default of v4's.
 */
import { defineOptions, option, type Values } from '../../../core/options/option.ts';
import { bool, duration, float, int, string } from '../../../core/options/value-types.ts';
import { COOKIE_FILE } from '../../options/credentials.ts';
import { GIT_CONFIG_SECRETS } from '../../options/git-config-secrets.ts';
import { opening, setting } from '../../options/setting.ts';
import { GC_MODES, oneOf, SUBMODULE_MODES } from '../../options/words.ts';
import { glogOptions } from './glog.ts';

const SECOND = 1000;

/** v3 takes even an absolute path for one below the root. */
export const errorFileInRoot = (path: string) => path.replace(/^\/+/, '');

/** No server answers with this status: v3 compares even with 0, which then never matches. */
const NEVER = -1;

function successStatus(given: number): number {
  if (given === -1) {
    return 0;
  }
  return given === 0 ? NEVER : given;
}

const syncOptions = {
  version: option({ flag: 'version', type: bool, default: false, help: 'print the version and exit' }),
  repo: option({
    flag: 'repo',
    type: string,
    default: '',
    env: ['GIT_SYNC_REPO'],
    secret: 'url',
    help: 'the git repository to sync (required)',
  }),
  branch: option({
    flag: 'branch',
    type: string,
    default: 'master',
    env: ['GIT_SYNC_BRANCH'],
    help: 'the branch to follow',
  }),
  rev: option({
    flag: 'rev',
    type: string,
    default: 'HEAD',
    env: ['GIT_SYNC_REV'],
    help: 'a tag to follow instead of the branch, or a commit of the branch (its hash may be shortened)',
  }),
  depth: setting('depth', {
    flag: 'depth',
    type: int,
    default: 0,
    env: ['GIT_SYNC_DEPTH'],
    help: 'how many commits of history to fetch; 0 is all of them',
  }),
  submodules: setting(
    'submodules',
    {
      flag: 'submodules',
      type: string,
      default: 'recursive',
      env: ['GIT_SYNC_SUBMODULES'],
      help: "which submodules to check out: 'recursive', 'shallow' (not the nested ones), or 'off'",
    },
    (mode) => oneOf(SUBMODULE_MODES, mode) ?? 'recursive',
  ),
  root: option({
    flag: 'root',
    type: string,
    default: '',
    defaultText: '$HOME/git',
    env: ['GIT_SYNC_ROOT'],
    help: 'the directory that holds the repository and its trees',
  }),
  dest: option({
    flag: 'dest',
    type: string,
    default: '',
    defaultText: 'last part of the repository',
    env: ['GIT_SYNC_DEST'],
    help: 'the symlink to publish, absolute or relative to -root (defaults to the last part of -repo)',
  }),
  errorFile: setting(
    'errorFile',
    {
      flag: 'error-file',
      type: string,
      default: '',
      env: ['GIT_SYNC_ERROR_FILE'],
      help: 'the name of a file under -root that holds the last error until a sync succeeds',
    },
    errorFileInRoot,
  ),
  wait: option({
    flag: 'wait',
    type: float,
    default: 1,
    env: ['GIT_SYNC_WAIT'],
    help: 'the seconds between syncs',
  }),
  timeout: setting(
    'syncTimeoutMs',
    {
      flag: 'timeout',
      type: int,
      default: 120,
      env: ['GIT_SYNC_TIMEOUT'],
      help: 'the seconds that one whole sync may take',
    },
    (seconds) => seconds * SECOND,
  ),
  oneTime: setting('oneTime', {
    flag: 'one-time',
    type: bool,
    default: false,
    env: ['GIT_SYNC_ONE_TIME'],
    help: 'exit after the first sync',
  }),
  maxSyncFailures: option({
    flag: 'max-sync-failures',
    type: int,
    default: 0,
    env: ['GIT_SYNC_MAX_SYNC_FAILURES'],
    help: 'how many syncs in a row may fail; the next failure ends git-sync; -1 is any number of them',
  }),
  changePermissions: setting('changePermissions', {
    flag: 'change-permissions',
    type: int,
    default: 0,
    env: ['GIT_SYNC_PERMISSIONS'],
    help: 'the mode that all files and directories of a new tree get, e.g. 0755; 0 leaves them as they are',
  }),
  groupWrite: setting('groupWrite', {
    flag: 'group-write',
    type: bool,
    default: false,
    env: ['GIT_SYNC_GROUP_WRITE'],
    help: 'let the group write everything that is made',
  }),
  sparseCheckoutFile: setting('sparseCheckoutFile', {
    flag: 'sparse-checkout-file',
    type: string,
    default: '',
    env: ['GIT_SYNC_SPARSE_CHECKOUT_FILE'],
    help: 'a file with git sparse-checkout patterns; only what they match is checked out',
  }),
  git: setting('git', {
    flag: 'git',
    type: string,
    default: 'git',
    env: ['GIT_SYNC_GIT'],
    help: 'the git program: a path, or a name to look up in PATH',
  }),
  gitConfig: option({
    flag: 'git-config',
    type: string,
    default: '',
    env: ['GIT_SYNC_GIT_CONFIG'],
    secret: GIT_CONFIG_SECRETS,
    help: `more git configuration, as 'section.name:value,"section.sub.name":"value"'`,
  }),
  gitGc: setting(
    'gc',
    {
      flag: 'git-gc',
      type: string,
      default: 'auto',
      env: ['GIT_SYNC_GIT_GC'],
      help: "how to collect garbage after a change: 'auto', 'always', 'aggressive', or 'off'",
    },
    (mode) => oneOf(GC_MODES, mode) ?? 'auto',
  ),
};

const hookOptions = {
  syncHookCommand: option({
    flag: 'sync-hook-command',
    type: string,
    default: '',
    env: ['GIT_SYNC_HOOK_COMMAND'],
    help: 'the old name of -exechook-command',
  }),
  exechookCommand: opening('exechook.command', {
    flag: 'exechook-command',
    type: string,
    default: '',
    env: ['GIT_SYNC_EXECHOOK_COMMAND'],
    help: 'a program to run in each newly published tree',
  }),
  exechookTimeout: setting('exechook.timeoutMs', {
    flag: 'exechook-timeout',
    type: duration,
    default: 30 * SECOND,
    env: ['GIT_SYNC_EXECHOOK_TIMEOUT'],
    help: 'the time that one run of the exechook may take, at least 1s',
  }),
  exechookBackoff: setting('exechook.backoffMs', {
    flag: 'exechook-backoff',
    type: duration,
    default: 3 * SECOND,
    env: ['GIT_SYNC_EXECHOOK_BACKOFF'],
    help: 'how long to wait before a failed exechook is run again, at least 1s',
  }),
  webhookUrl: opening('webhook.url', {
    flag: 'webhook-url',
    type: string,
    default: '',
    env: ['GIT_SYNC_WEBHOOK_URL'],
    secret: 'capability-url',
    help: 'a URL to call after each publication',
  }),
  webhookMethod: setting('webhook.method', {
    flag: 'webhook-method',
    type: string,
    default: 'POST',
    env: ['GIT_SYNC_WEBHOOK_METHOD'],
    help: 'the HTTP method of the webhook',
  }),
  webhookSuccessStatus: setting(
    'webhook.successStatus',
    {
      flag: 'webhook-success-status',
      type: int,
      default: 200,
      env: ['GIT_SYNC_WEBHOOK_SUCCESS_STATUS'],
      help: 'the HTTP status that means success; -1 accepts every answer',
    },
    successStatus,
  ),
  webhookTimeout: setting('webhook.timeoutMs', {
    flag: 'webhook-timeout',
    type: duration,
    default: SECOND,
    env: ['GIT_SYNC_WEBHOOK_TIMEOUT'],
    help: 'the time that one webhook call may take, at least 1s',
  }),
  webhookBackoff: setting('webhook.backoffMs', {
    flag: 'webhook-backoff',
    type: duration,
    default: 3 * SECOND,
    env: ['GIT_SYNC_WEBHOOK_BACKOFF'],
    help: 'how long to wait before a failed webhook is called again, at least 1s',
  }),
};

const credentialOptions = {
  username: option({
    flag: 'username',
    type: string,
    default: '',
    env: ['GIT_SYNC_USERNAME'],
    help: 'the user name for the repository',
  }),
  password: option({
    flag: 'password',
    type: string,
    default: '',
    env: ['GIT_SYNC_PASSWORD'],
    secret: true,
    help: 'the password or access token for -username (better given by its variable or -password-file)',
  }),
  passwordFile: option({
    flag: 'password-file',
    type: string,
    default: '',
    env: ['GIT_SYNC_PASSWORD_FILE'],
    help: 'a file with the password or access token for -username',
  }),
  ssh: option({
    flag: 'ssh',
    type: bool,
    default: false,
    env: ['GIT_SYNC_SSH'],
    help: 'use SSH with the key and the host keys below',
  }),
  sshKeyFile: option({
    flag: 'ssh-key-file',
    type: string,
    default: '/etc/git-secret/ssh',
    env: ['GIT_SSH_KEY_FILE'],
    help: 'the SSH key',
  }),
  sshKnownHosts: option({
    flag: 'ssh-known-hosts',
    type: bool,
    default: true,
    env: ['GIT_KNOWN_HOSTS'],
    help: 'verify the host keys of SSH servers',
  }),
  sshKnownHostsFile: option({
    flag: 'ssh-known-hosts-file',
    type: string,
    default: '/etc/git-secret/known_hosts',
    env: ['GIT_SSH_KNOWN_HOSTS_FILE'],
    help: 'the host keys to verify with',
  }),
  addUser: setting('addUser', {
    flag: 'add-user',
    type: bool,
    default: false,
    env: ['GIT_SYNC_ADD_USER'],
    help: 'give the current user a line in /etc/passwd if it has none (ssh asks for one)',
  }),
  cookieFile: setting(
    'cookieFile',
    {
      flag: 'cookie-file',
      type: bool,
      default: false,
      env: ['GIT_COOKIE_FILE'],
      help: 'authenticate with the cookies in /etc/git-secret/cookie_file',
    },
    (isUsed) => (isUsed ? COOKIE_FILE : undefined),
  ),
  askpassUrl: setting('askpassUrl', {
    flag: 'askpass-url',
    type: string,
    default: '',
    env: ['GIT_ASKPASS_URL'],
    secret: 'url',
    help: "a URL that answers with 'username=...' and 'password=...' lines",
  }),
};

const endpointOptions = {
  httpBind: opening('http.bind', {
    flag: 'http-bind',
    type: string,
    default: '',
    env: ['GIT_SYNC_HTTP_BIND'],
    help: "where to answer HTTP, e.g. ':9376'; '/' is 503 until the first sync has succeeded",
  }),
  httpMetrics: setting('http.metrics', {
    flag: 'http-metrics',
    type: bool,
    default: true,
    env: ['GIT_SYNC_HTTP_METRICS'],
    help: 'serve Prometheus metrics at /metrics',
  }),
  httpPprof: setting('http.pprof', {
    flag: 'http-pprof',
    type: bool,
    default: false,
    env: ['GIT_SYNC_HTTP_PPROF'],
    help: 'serve facts about this process at /debug/pprof/',
  }),
};

export const v3Options = defineOptions({
  ...syncOptions,
  ...hookOptions,
  ...credentialOptions,
  ...endpointOptions,
  ...glogOptions,
});

export type V3Values = Values<typeof v3Options>;
