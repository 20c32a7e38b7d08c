/** The command line of `git-sync` v4: the options of git-sync, and those that are v4's alone. */
import { defineOptions, option, type Values } from '../../../core/options/option.ts';
import { bool, float, int, string } from '../../../core/options/value-types.ts';
import { githubOptions, loginOptions } from '../../options/credentials.ts';
import { hookOptions } from '../../options/hooks.ts';
import { processOptions, scheduleOptions, waitOptions } from '../../options/process.ts';
import { publishOptions } from '../../options/publish.ts';
import { repositoriesOptions } from '../../options/repositories.ts';
import { syncOptions } from '../../options/sync.ts';

const generalOptions = {
  help: option({
    flag: 'help',
    short: 'h',
    type: bool,
    default: false,
    help: 'print this help and exit (also -?)',
  }),
  man: option({ flag: 'man', type: bool, default: false, help: 'print the manual and exit' }),
  version: option({ flag: 'version', type: bool, default: false, help: 'print the version and exit' }),
};

/** Flags that the original's own tests use. */
const hiddenOptions = {
  helpAlias: option({
    flag: '__?',
    short: '?',
    type: bool,
    default: false,
    hidden: true,
    help: 'the same as --help',
  }),
  testPassword: option({
    flag: '__env__GITSYNC_PASSWORD',
    type: string,
    default: '',
    hidden: true,
    secret: true,
    help: 'for tests only; use $GITSYNC_PASSWORD',
  }),
  testGithubAppPrivateKey: option({
    flag: '__env__GITSYNC_GITHUB_APP_PRIVATE_KEY',
    type: string,
    default: '',
    hidden: true,
    secret: true,
    help: 'for tests only; use $GITSYNC_GITHUB_APP_PRIVATE_KEY',
  }),
};

/** What v4 still takes of v3; each beats the option it was replaced by. `deprecated` is the advice to the user. */
const deprecatedOptions = {
  branch: option({
    flag: 'branch',
    type: string,
    default: '',
    env: ['GIT_SYNC_BRANCH'],
    deprecated: 'use --ref instead',
    help: 'the branch to follow',
  }),
  changePermissions: option({
    flag: 'change-permissions',
    type: int,
    default: 0,
    env: ['GIT_SYNC_PERMISSIONS'],
    deprecated: 'use --group-write instead',
    help: 'no longer supported',
  }),
  dest: option({
    flag: 'dest',
    type: string,
    default: '',
    env: ['GIT_SYNC_DEST'],
    deprecated: 'use --link instead',
    help: 'the symlink to publish',
  }),
  maxSyncFailures: option({
    flag: 'max-sync-failures',
    type: int,
    default: 0,
    env: ['GIT_SYNC_MAX_SYNC_FAILURES'],
    deprecated: 'use --max-failures instead',
    help: 'how many syncs in a row may fail',
  }),
  passwordFlag: option({
    flag: 'password',
    type: string,
    default: '',
    secret: true,
    deprecated: 'use --password-file or $GITSYNC_PASSWORD instead',
    help: 'the password for --username, for everybody to see',
  }),
  rev: option({
    flag: 'rev',
    type: string,
    default: '',
    env: ['GIT_SYNC_REV'],
    deprecated: 'use --ref instead',
    help: 'the tag or hash to follow',
  }),
  ssh: option({
    flag: 'ssh',
    type: bool,
    default: false,
    deprecated: 'no longer necessary',
    help: 'has no effect',
  }),
  syncHookCommand: option({
    flag: 'sync-hook-command',
    type: string,
    default: '',
    env: ['GIT_SYNC_HOOK_COMMAND'],
    deprecated: 'use --exechook-command instead',
    help: 'a program to run after each sync',
  }),
  timeout: option({
    flag: 'timeout',
    type: int,
    default: 0,
    env: ['GIT_SYNC_TIMEOUT'],
    deprecated: 'use --sync-timeout instead',
    help: 'seconds that one sync may take',
  }),
  v: option({
    flag: 'v',
    type: int,
    default: -1,
    deprecated: 'use -v or --verbose instead',
    help: 'how much to log',
  }),
  wait: option({
    flag: 'wait',
    type: float,
    default: 0,
    env: ['GIT_SYNC_WAIT'],
    deprecated: 'use --period instead',
    help: 'seconds between syncs',
  }),
};

export const v4Options = defineOptions({
  ...generalOptions,
  ...syncOptions,
  ...publishOptions,
  ...scheduleOptions,
  ...waitOptions,
  ...processOptions,
  ...repositoriesOptions,
  ...hookOptions,
  ...loginOptions,
  ...githubOptions,
  ...hiddenOptions,
  ...deprecatedOptions,
});

export type V4Values = Values<typeof v4Options>;
