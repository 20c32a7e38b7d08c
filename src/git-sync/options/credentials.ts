/** The options that prove to a server who asks. */
import { option } from '../../core/options/option.ts';
import { bool, duration, int, string, strings } from '../../core/options/value-types.ts';
import { CREDENTIAL_SECRETS, credentials } from './credential-json.ts';
import { setting } from './setting.ts';
import { CREDENTIAL_SCOPES, oneOf } from './words.ts';

/** The only path of a cookie file that there is. */
export const COOKIE_FILE = '/etc/git-secret/cookie_file';

export const loginOptions = {
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
  credentialCommand: option({
    flag: 'credential-command',
    type: string,
    default: '',
    env: ['GITSYNC_CREDENTIAL_COMMAND'],
    help: 'a program that prints the password for the repository (see --man), or a JSON list with its arguments',
  }),
  credentialIdentity: option({
    flag: 'credential-identity',
    type: string,
    default: '',
    env: ['GITSYNC_CREDENTIAL_IDENTITY'],
    help: "ask the cloud that this runs in for the credentials of the repository: 'azure' (Azure DevOps), 'aws' (CodeCommit) or 'google'",
  }),
  credentialScope: setting(
    'credentialScope',
    {
      flag: 'credential-scope',
      type: string,
      default: 'host',
      env: ['GITSYNC_CREDENTIAL_SCOPE'],
      help: "where a password is good for: 'host', as with git, or 'repository', only its own URL and what is below it",
    },
    (scope) => oneOf(CREDENTIAL_SCOPES, scope) ?? 'host',
  ),
  sshKeyFile: setting(
    'ssh.keyFiles',
    {
      flag: 'ssh-key-file',
      type: strings,
      default: ['/etc/git-secret/ssh'],
      env: ['GITSYNC_SSH_KEY_FILE', 'GIT_SYNC_SSH_KEY_FILE', 'GIT_SSH_KEY_FILE'],
      help: 'an SSH key; can be repeated (in the environment: separated by colons)',
    },
    (paths) => paths.filter((path) => path !== ''),
  ),
  sshKnownHosts: setting('ssh.knownHosts', {
    flag: 'ssh-known-hosts',
    type: bool,
    default: true,
    defaultText: 'true',
    env: ['GITSYNC_SSH_KNOWN_HOSTS', 'GIT_SYNC_KNOWN_HOSTS', 'GIT_KNOWN_HOSTS'],
    help: 'verify the host keys of SSH servers',
  }),
  sshKnownHostsFile: setting('ssh.knownHostsFile', {
    flag: 'ssh-known-hosts-file',
    type: string,
    default: '/etc/git-secret/known_hosts',
    env: ['GITSYNC_SSH_KNOWN_HOSTS_FILE', 'GIT_SYNC_SSH_KNOWN_HOSTS_FILE', 'GIT_SSH_KNOWN_HOSTS_FILE'],
    help: 'the host keys to verify with',
  }),
  sshKeep: setting('ssh.keepMs', {
    flag: 'ssh-keep',
    type: duration,
    default: 60_000,
    defaultText: '1m0s',
    env: ['GITSYNC_SSH_KEEP'],
    help: 'keep the connection to an SSH server for the next sync if that comes within this time; 0 makes a new one for each command',
  }),
  cookieFile: setting(
    'cookieFile',
    {
      flag: 'cookie-file',
      type: bool,
      default: false,
      env: ['GITSYNC_COOKIE_FILE', 'GIT_SYNC_COOKIE_FILE', 'GIT_COOKIE_FILE'],
      help: 'authenticate with the cookies in /etc/git-secret/cookie_file',
    },
    (isUsed) => (isUsed ? COOKIE_FILE : undefined),
  ),
  askpassUrl: setting('askpassUrl', {
    flag: 'askpass-url',
    type: string,
    default: '',
    env: ['GITSYNC_ASKPASS_URL', 'GIT_SYNC_ASKPASS_URL', 'GIT_ASKPASS_URL'],
    secret: 'url',
    help: "a URL that answers with 'username=...' and 'password=...' lines, asked before each sync",
  }),
};

export const githubOptions = {
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
