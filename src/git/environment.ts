/** The environment that git gets, and what hooks see of it. */
import { dirname, join } from 'node:path';
import { TREE_HOLDERS, TREES_DIR } from './tree-places.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Marks a git as started by the owner of a lock, so that a successor finds what a killed owner left running. */
export const OWNER_VARIABLE = 'PILLION_LOCK';

/** Our own settings: some hold secrets, and git needs none of them. */
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

/** Variables for the global configuration, and so that git never waits for a terminal. Without an ssh command git runs ssh its own way. */
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

/** Variables that make git read a file of configuration before what the user's own environment configures. */
export function protectiveVariables(path: string, env: Environment): Record<string, string> {
  const announced = Number(env.GIT_CONFIG_COUNT ?? '0');
  let count = 0;
  // Only pairs that exist, whatever the count says.
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

/** Keeps git from finding a repository above the root, or the root's own from inside a worktree. */
export function discoveryLimits(root: string): Record<string, string> {
  const trees = join(root, TREES_DIR);
  const ceilings = [dirname(root), root, trees, ...TREE_HOLDERS.map((name) => join(trees, name))];
  return { GIT_CEILING_DIRECTORIES: ceilings.join(':') };
}
