/** The options that say what is synced and where to. */
import { option } from '../../core/options/option.ts';
import { bool, duration, int, string, strings } from '../../core/options/value-types.ts';
import { contentOptions } from './content.ts';
import { GIT_CONFIG_SECRETS } from './git-config-secrets.ts';
import { setting } from './setting.ts';
import { GC_MODES, oneOf, REUSE_MODES, SUBMODULE_MODES } from './words.ts';

const SECOND = 1000;

export const syncOptions = {
  repo: option({
    flag: 'repo',
    type: string,
    default: '',
    defaultText: 'required',
    env: ['GITSYNC_REPO', 'GIT_SYNC_REPO'],
    secret: 'url',
    help: 'the git repository to sync (required)',
  }),
  ref: option({
    flag: 'ref',
    type: string,
    default: 'HEAD',
    env: ['GITSYNC_REF'],
    help: "the branch, tag, full ref or full hash to follow; 'semver:^1.2' follows the newest version in a range among the tags, 'tags:release-*' the newest tag of a pattern",
  }),
  depth: setting('depth', {
    flag: 'depth',
    type: int,
    default: 1,
    env: ['GITSYNC_DEPTH', 'GIT_SYNC_DEPTH'],
    help: 'how many commits of history to fetch; 0 is all of them',
  }),
  filter: setting('filter', {
    flag: 'filter',
    type: string,
    default: '',
    env: ['GITSYNC_FILTER'],
    help: "a partial clone filter for fetches, e.g. 'blob:none'",
  }),
  fsck: setting('fsck', {
    flag: 'fsck',
    type: bool,
    default: false,
    env: ['GITSYNC_FSCK'],
    help: 'refuse malformed objects: git checks each that it receives',
  }),
  submodules: setting(
    'submodules',
    {
      flag: 'submodules',
      type: string,
      default: 'recursive',
      env: ['GITSYNC_SUBMODULES', 'GIT_SYNC_SUBMODULES'],
      help: "which submodules to check out: 'recursive', 'shallow' (not the nested ones), or 'off'",
    },
    (mode) => oneOf(SUBMODULE_MODES, mode) ?? 'recursive',
  ),
  sparseCheckoutFile: setting('sparseCheckoutFile', {
    flag: 'sparse-checkout-file',
    type: string,
    default: '',
    env: ['GITSYNC_SPARSE_CHECKOUT_FILE', 'GIT_SYNC_SPARSE_CHECKOUT_FILE'],
    help: 'a file with git sparse-checkout patterns; only what they match is checked out',
  }),
  ...contentOptions,
  root: option({
    flag: 'root',
    type: string,
    default: '',
    defaultText: 'required',
    env: ['GITSYNC_ROOT', 'GIT_SYNC_ROOT'],
    help: 'the directory that holds the repository and its trees (required)',
  }),
  link: option({
    flag: 'link',
    type: string,
    default: '',
    defaultText: 'last part of the repository',
    env: ['GITSYNC_LINK', 'GIT_SYNC_LINK'],
    help: 'the symlink to publish, absolute or relative to --root (defaults to the last part of --repo)',
  }),
  touchFile: setting('touchFile', {
    flag: 'touch-file',
    type: string,
    default: '',
    env: ['GITSYNC_TOUCH_FILE', 'GIT_SYNC_TOUCH_FILE'],
    help: 'a file that is touched whenever something new was published, absolute or relative to --root',
  }),
  syncTimeout: setting('syncTimeoutMs', {
    flag: 'sync-timeout',
    type: duration,
    default: 120 * SECOND,
    env: ['GITSYNC_SYNC_TIMEOUT', 'GIT_SYNC_SYNC_TIMEOUT'],
    help: 'the time that one whole sync may take, at least 10ms',
  }),
  oneTime: setting('oneTime', {
    flag: 'one-time',
    type: bool,
    default: false,
    env: ['GITSYNC_ONE_TIME', 'GIT_SYNC_ONE_TIME'],
    help: 'exit after the first sync',
  }),
  groupWrite: setting('groupWrite', {
    flag: 'group-write',
    type: bool,
    default: false,
    env: ['GITSYNC_GROUP_WRITE', 'GIT_SYNC_GROUP_WRITE'],
    help: 'let the group write everything that is made',
  }),
  staleWorktreeTimeout: setting('staleWorktreeTimeoutMs', {
    flag: 'stale-worktree-timeout',
    type: duration,
    default: 0,
    env: ['GITSYNC_STALE_WORKTREE_TIMEOUT'],
    help: 'how long a tree stays after it was replaced',
  }),
  reuseWorktrees: setting(
    'reuseWorktrees',
    {
      flag: 'reuse-worktrees',
      type: string,
      default: 'auto',
      env: ['GITSYNC_REUSE_WORKTREES'],
      help: "whether a stale tree is kept to become the next one: 'on', 'off', or 'auto' (from 10,000 files on, on a local disk)",
    },
    (mode) => oneOf(REUSE_MODES, mode) ?? 'auto',
  ),
  git: setting('git', {
    flag: 'git',
    type: string,
    default: 'git',
    env: ['GITSYNC_GIT', 'GIT_SYNC_GIT'],
    help: 'the git program: a path, or a name to look up in PATH',
  }),
  gitConfig: option({
    flag: 'git-config',
    type: string,
    default: '',
    env: ['GITSYNC_GIT_CONFIG', 'GIT_SYNC_GIT_CONFIG'],
    secret: GIT_CONFIG_SECRETS,
    help: `more git configuration, as 'section.name:value,"section.sub.name":"value"'`,
  }),
  gitConfigAdd: option({
    flag: 'git-config-add',
    type: strings,
    default: [],
    secret: GIT_CONFIG_SECRETS,
    help: 'more git configuration in the form of --git-config, applied after it; can be repeated',
  }),
  gitGc: setting(
    'gc',
    {
      flag: 'git-gc',
      type: string,
      default: 'always',
      env: ['GITSYNC_GIT_GC', 'GIT_SYNC_GIT_GC'],
      help: "how to collect garbage after a change: 'auto', 'always', 'aggressive', or 'off'",
    },
    (mode) => oneOf(GC_MODES, mode) ?? 'always',
  ),
};
