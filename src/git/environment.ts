/** The environment and the private configuration that git gets. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { shellQuote } from './auth/ssh.ts';
import { renderGitConfig } from './config-file.ts';
import type { GitConfigPair, GitSettings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that marks a git as ours, so that a successor finds what a killed owner left running. */
export const OWNER_VARIABLE = 'PILLION_LOCK';

/** Our own settings: some hold secrets, and none is git's business. */
const OWN_NAME = /^(GITSYNC_|GIT_SYNC_|PILLION_)|^GIT_ASKPASS_URL$/;

/** What would point git at another repository, configuration or program than ours. */
const REDIRECTING = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_NAMESPACE',
  'GIT_CEILING_DIRECTORIES',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
  'GIT_CONFIG',
  'GIT_CONFIG_SYSTEM',
  'GIT_TEMPLATE_DIR',
  'GIT_SHALLOW_FILE',
  'GIT_QUARANTINE_PATH',
  'GIT_ASKPASS',
  'SSH_ASKPASS',
  'GIT_SSH',
]);

/**
 * What git inherits: the container's environment (proxies, certificates, cloud credentials for helpers that the user
 * configured) without our settings and without what redirects it.
 */
export function inheritedEnvironment(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !OWN_NAME.test(name) && !REDIRECTING.has(name)) {
      kept[name] = value;
    }
  }
  return kept;
}

/** Secrets that git-sync takes from its environment; hooks do not get them (git-sync hands them over). */
const SECRET_NAMES =
  /^(GITSYNC|GIT_SYNC)_(PASSWORD|CREDENTIAL|GITHUB_APP_PRIVATE_KEY|GIT_CONFIG(_ADD)?|REPO|WEBHOOK_URL|ASKPASS_URL)$|^GIT_ASKPASS_URL$/;

/** What a hook gets: the whole environment as in git-sync, but for the secrets. */
export function hookEnvironment(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !SECRET_NAMES.test(name)) {
      kept[name] = value;
    }
  }
  return kept;
}

export interface GitFilesInit {
  readonly settings: GitSettings;
  readonly runtimePath: string;
  /** Path of the credential socket; undefined when there is nothing it could answer. */
  readonly credentialSocket: string | undefined;
}

/** Settings that make git run a program, and that the configuration inside the root could set. */
const RUNS_PROGRAMS: readonly GitConfigPair[] = [
  { key: 'core.hooksPath', value: '/dev/null' },
  { key: 'core.fsmonitor', value: 'false' },
  { key: 'core.askPass', value: 'true' },
];

const isHelper = ({ key }: GitConfigPair) => /^credential\.(.*\.)?helper$/i.test(key);

/**
 * A sidecar has a limit of some 64 MiB, and git by itself takes a quarter of a GiB to pack or unpack a few large files.
 * Large files are streamed instead of held, and caches stay small.
 */
const FRUGAL: readonly GitConfigPair[] = [
  { key: 'core.bigFileThreshold', value: '2m' },
  { key: 'core.deltaBaseCacheLimit', value: '8m' },
  { key: 'fetch.unpackLimit', value: '1' },
  { key: 'pack.threads', value: '1' },
  { key: 'pack.windowMemory', value: '8m' },
  { key: 'pack.deltaCacheSize', value: '8m' },
];

function defaults({ settings, credentialSocket }: GitFilesInit): GitConfigPair[] {
  const helper =
    credentialSocket === undefined
      ? []
      : [
          {
            key: 'credential.helper',
            value: `cache --timeout 3600 --socket ${shellQuote(credentialSocket)}`,
          },
        ];
  const cookie =
    settings.cookieFile === undefined ? [] : [{ key: 'http.cookiefile', value: settings.cookieFile }];
  return [
    { key: 'gc.autoDetach', value: 'false' },
    { key: 'gc.pruneExpire', value: 'now' },
    // It goes by paths that are wrong wherever else the volume is mounted; what is lost is forgotten without it.
    { key: 'gc.worktreePruneExpire', value: 'never' },
    ...FRUGAL,
    ...helper,
    ...RUNS_PROGRAMS,
    // Volumes belong to whoever the pod's fsGroup or an earlier container was.
    { key: 'safe.directory', value: '*' },
    { key: 'advice.detachedHead', value: 'false' },
    ...cookie,
  ];
}

/** Writes the global configuration of git and returns its path. User settings come last and win. */
export async function writeGitConfig(init: GitFilesInit): Promise<string> {
  const path = join(init.runtimePath, 'gitconfig');
  const text = renderGitConfig([...defaults(init), ...init.settings.gitConfig], new Set(['safe.directory']));
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** The variables that make git use it, and never wait for a terminal. Without an ssh command git runs ssh its own way. */
export function gitVariables(configPath: string, ssh: string | undefined): Record<string, string> {
  return {
    GIT_CONFIG_GLOBAL: configPath,
    GIT_CONFIG_NOSYSTEM: 'true',
    GIT_TERMINAL_PROMPT: '0',
    ...(ssh === undefined ? {} : { GIT_SSH_COMMAND: ssh }),
    LC_ALL: 'C.UTF-8',
    GIT_ADVICE: '0',
  };
}

/**
 * The root is often shared, and its `.git/config` and hooks may come from anybody who could write there once. Git lets
 * them win over the global file, so what must not be won is included by the environment, which wins over both. What
 * the user configures stays the last word.
 */
export async function writeProtectiveConfig(init: GitFilesInit): Promise<string> {
  const { gitConfig } = init.settings;
  const isSetByUser = (key: string) => gitConfig.some((pair) => pair.key.toLowerCase() === key.toLowerCase());
  // An empty helper makes git forget those of the root; ours and the user's follow.
  const first = [
    ...RUNS_PROGRAMS.filter(({ key }) => !isSetByUser(key)),
    { key: 'credential.helper', value: '' },
  ];
  const helpers = [...defaults(init), ...gitConfig].filter(isHelper);
  const path = join(init.runtimePath, 'gitconfig-protective');
  await writeFile(path, renderGitConfig(first) + renderGitConfig(helpers), { mode: 0o600 });
  return path;
}

/** The variables that make git read it, before what the user's own environment configures. */
export function protectiveVariables(path: string, env: Environment): Record<string, string> {
  const announced = Number(env.GIT_CONFIG_COUNT ?? '0');
  let count = 0;
  // No further than there are pairs, whatever number somebody announces.
  while (count < announced && env[`GIT_CONFIG_KEY_${count}`] !== undefined) {
    count += 1;
  }
  const variables: Record<string, string> = {
    GIT_CONFIG_COUNT: String(count + 1),
    GIT_CONFIG_KEY_0: 'include.path',
    GIT_CONFIG_VALUE_0: path,
  };
  for (let index = 0; index < count; index += 1) {
    variables[`GIT_CONFIG_KEY_${index + 1}`] = env[`GIT_CONFIG_KEY_${index}`] ?? '';
    variables[`GIT_CONFIG_VALUE_${index + 1}`] = env[`GIT_CONFIG_VALUE_${index}`] ?? '';
  }
  return variables;
}

/** Git must find our repository or none: never one that happens to be above the root, nor the root's from a tree. */
export function discoveryLimits(root: string): Record<string, string> {
  const ceilings = [dirname(root), root, join(root, '.worktrees'), join(root, '.worktrees', '.rebuild')];
  return { GIT_CEILING_DIRECTORIES: ceilings.join(':') };
}
