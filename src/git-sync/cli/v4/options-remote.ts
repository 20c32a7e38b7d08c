/** The options of git-sync v4 for hooks, credentials and its own HTTP endpoint. */
import { option } from '../../../core/options/option.ts';
import { bool, duration, int, string, strings } from '../../../core/options/value-types.ts';
import { CREDENTIAL_SECRETS, credentials } from '../credential-json.ts';

const SECOND = 1000;

const hookOptions = {
  exechookCommand: option({
    flag: 'exechook-command',
    type: string,
    default: '',
    env: ['GITSYNC_EXECHOOK_COMMAND', 'GIT_SYNC_EXECHOOK_COMMAND'],
    help: 'a program to run in each newly published tree (it may run twice for one)',
  }),
  exechookTimeout: option({
    flag: 'exechook-timeout',
    type: duration,
    default: 30 * SECOND,
    env: ['GITSYNC_EXECHOOK_TIMEOUT', 'GIT_SYNC_EXECHOOK_TIMEOUT'],
    help: 'the time that one run of the exechook may take, at least 1s',
  }),
  exechookBackoff: option({
    flag: 'exechook-backoff',
    type: duration,
    default: 3 * SECOND,
    env: ['GITSYNC_EXECHOOK_BACKOFF', 'GIT_SYNC_EXECHOOK_BACKOFF'],
    help: 'how long to wait before a failed exechook is run again, at least 1s',
  }),
  prePublishCommand: option({
    flag: 'pre-publish-exechook-command',
    type: string,
    default: '',
    env: ['GITSYNC_PRE_PUBLISH_EXECHOOK_COMMAND'],
    help: 'a program to run in each new tree when it is about to be published',
  }),
  prePublishTimeout: option({
    flag: 'pre-publish-exechook-timeout',
    type: duration,
    default: 30 * SECOND,
    env: ['GITSYNC_PRE_PUBLISH_EXECHOOK_TIMEOUT'],
    help: 'the time that one run of the pre-publish exechook may take, at least 1s',
  }),
  prePublishBackoff: option({
    flag: 'pre-publish-exechook-backoff',
    type: duration,
    default: 3 * SECOND,
    env: ['GITSYNC_PRE_PUBLISH_EXECHOOK_BACKOFF'],
    help: 'how long to wait before a failed pre-publish exechook is run again, at least 1s',
  }),
  webhookUrl: option({
    flag: 'webhook-url',
    type: string,
    default: '',
    env: ['GITSYNC_WEBHOOK_URL', 'GIT_SYNC_WEBHOOK_URL'],
    secret: 'capability-url',
    help: 'a URL to call after each publication (it may be called twice for one)',
  }),
  webhookMethod: option({
    flag: 'webhook-method',
    type: string,
    default: 'POST',
    env: ['GITSYNC_WEBHOOK_METHOD', 'GIT_SYNC_WEBHOOK_METHOD'],
    help: 'the HTTP method of the webhook',
  }),
  webhookSuccessStatus: option({
    flag: 'webhook-success-status',
    type: int,
    default: 200,
    env: ['GITSYNC_WEBHOOK_SUCCESS_STATUS', 'GIT_SYNC_WEBHOOK_SUCCESS_STATUS'],
    help: 'the HTTP status that means success; 0 accepts every answer',
  }),
  webhookTimeout: option({
    flag: 'webhook-timeout',
    type: duration,
    default: SECOND,
    env: ['GITSYNC_WEBHOOK_TIMEOUT', 'GIT_SYNC_WEBHOOK_TIMEOUT'],
    help: 'the time that one webhook call may take, at least 1s',
  }),
  webhookBackoff: option({
    flag: 'webhook-backoff',
    type: duration,
    default: 3 * SECOND,
    env: ['GITSYNC_WEBHOOK_BACKOFF', 'GIT_SYNC_WEBHOOK_BACKOFF'],
    help: 'how long to wait before a failed webhook is called again, at least 1s',
  }),
};

const credentialOptions = {
  username: option({
    flag: 'username',
    type: string,
    default: '',
    env: ['GITSYNC_USERNAME', 'GIT_SYNC_USERNAME'],
    help: 'the user name for the repository; needs $GITSYNC_PASSWORD or --password-file',
  }),
  password: option({
    flag: 'password-variable',
    type: string,
    default: '',
    env: ['GITSYNC_PASSWORD', 'GIT_SYNC_PASSWORD'],
    envOnly: true,
    secret: true,
    help: 'the password or access token for --username',
  }),
  passwordFile: option({
    flag: 'password-file',
    type: string,
    default: '',
    env: ['GITSYNC_PASSWORD_FILE', 'GIT_SYNC_PASSWORD_FILE'],
    help: 'a file with the password or access token for --username, read again for each sync',
  }),
  credential: option({
    flag: 'credential',
    type: credentials,
    default: [],
    env: ['GITSYNC_CREDENTIAL'],
    secret: CREDENTIAL_SECRETS,
    help: 'credentials for other URLs, such as submodules: a JSON object or list (see --man); can be repeated',
  }),
  sshKeyFile: option({
    flag: 'ssh-key-file',
    type: strings,
    default: ['/etc/git-secret/ssh'],
    env: ['GITSYNC_SSH_KEY_FILE', 'GIT_SYNC_SSH_KEY_FILE', 'GIT_SSH_KEY_FILE'],
    help: 'an SSH key; can be repeated (in the environment: separated by colons)',
  }),
  sshKnownHosts: option({
    flag: 'ssh-known-hosts',
    type: bool,
    default: true,
    defaultText: 'true',
    env: ['GITSYNC_SSH_KNOWN_HOSTS', 'GIT_SYNC_KNOWN_HOSTS', 'GIT_KNOWN_HOSTS'],
    help: 'verify the host keys of SSH servers',
  }),
  sshKnownHostsFile: option({
    flag: 'ssh-known-hosts-file',
    type: string,
    default: '/etc/git-secret/known_hosts',
    env: ['GITSYNC_SSH_KNOWN_HOSTS_FILE', 'GIT_SYNC_SSH_KNOWN_HOSTS_FILE', 'GIT_SSH_KNOWN_HOSTS_FILE'],
    help: 'the host keys to verify with',
  }),
  cookieFile: option({
    flag: 'cookie-file',
    type: bool,
    default: false,
    env: ['GITSYNC_COOKIE_FILE', 'GIT_SYNC_COOKIE_FILE', 'GIT_COOKIE_FILE'],
    help: 'authenticate with the cookies in /etc/git-secret/cookie_file',
  }),
  askpassUrl: option({
    flag: 'askpass-url',
    type: string,
    default: '',
    env: ['GITSYNC_ASKPASS_URL', 'GIT_SYNC_ASKPASS_URL', 'GIT_ASKPASS_URL'],
    secret: 'url',
    help: "a URL that answers with 'username=...' and 'password=...' lines, asked before each sync",
  }),
};

const githubOptions = {
  githubBaseUrl: option({
    flag: 'github-base-url',
    type: string,
    default: 'https://api.github.com/',
    env: ['GITSYNC_GITHUB_BASE_URL'],
    secret: 'url',
    help: 'the API of the GitHub that the app belongs to',
  }),
  githubAppPrivateKey: option({
    flag: 'github-app-private-key-variable',
    type: string,
    default: '',
    env: ['GITSYNC_GITHUB_APP_PRIVATE_KEY'],
    envOnly: true,
    secret: true,
    help: 'the private key of the GitHub app, in PEM',
  }),
  githubAppPrivateKeyFile: option({
    flag: 'github-app-private-key-file',
    type: string,
    default: '',
    env: ['GITSYNC_GITHUB_APP_PRIVATE_KEY_FILE'],
    help: 'a file with the private key of the GitHub app, in PEM',
  }),
  githubAppClientId: option({
    flag: 'github-app-client-id',
    type: string,
    default: '',
    env: ['GITSYNC_GITHUB_APP_CLIENT_ID'],
    help: 'the client ID of the GitHub app (or give the application ID)',
  }),
  githubAppApplicationId: option({
    flag: 'github-app-application-id',
    type: int,
    default: 0,
    env: ['GITSYNC_GITHUB_APP_APPLICATION_ID'],
    help: 'the application ID of the GitHub app (or give the client ID)',
  }),
  githubAppInstallationId: option({
    flag: 'github-app-installation-id',
    type: int,
    default: 0,
    env: ['GITSYNC_GITHUB_APP_INSTALLATION_ID'],
    help: 'the installation of the GitHub app that may read the repository',
  }),
};

const endpointOptions = {
  httpBind: option({
    flag: 'http-bind',
    type: string,
    default: '',
    env: ['GITSYNC_HTTP_BIND', 'GIT_SYNC_HTTP_BIND'],
    help: "where to answer HTTP, e.g. ':9376' or '127.0.0.1:9376'; '/' is 503 until the first sync has succeeded",
  }),
  httpMetrics: option({
    flag: 'http-metrics',
    type: bool,
    default: false,
    env: ['GITSYNC_HTTP_METRICS', 'GIT_SYNC_HTTP_METRICS'],
    help: 'serve Prometheus metrics at /metrics; needs --http-bind',
  }),
  httpPprof: option({
    flag: 'http-pprof',
    type: bool,
    default: false,
    env: ['GITSYNC_HTTP_PPROF', 'GIT_SYNC_HTTP_PPROF'],
    help: 'serve what can be told about this process at /debug/pprof/; needs --http-bind',
  }),
};

export const v4ReachOptions = {
  ...hookOptions,
  ...credentialOptions,
  ...githubOptions,
  ...endpointOptions,
};
