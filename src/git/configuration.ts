/** The private configuration that git gets, in files of our own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostsAskedWithPaths } from './auth/path-hosts.ts';
import { shellQuote } from './auth/ssh.ts';
import { renderGitConfig } from './config-file.ts';
import type { GitConfigPair, GitSettings } from './settings.ts';

export interface GitFilesInit {
  readonly settings: GitSettings;
  readonly runtimePath: string;
  /** Path of the credential socket; undefined when there are no credentials. */
  readonly credentialSocket: string | undefined;
}

/** Settings by which the configuration inside the root could make git run a program. */
const RUNS_PROGRAMS: readonly GitConfigPair[] = [
  { key: 'core.hooksPath', value: '/dev/null' },
  { key: 'core.fsmonitor', value: 'false' },
];

/** An empty answer ends git's questions, but has git-lfs ask the server again without an end: it gets a failure. */
const askPass = ({ lfs }: GitFilesInit['settings']): GitConfigPair => ({
  key: 'core.askPass',
  value: lfs === true ? 'false' : 'true',
});

const CHECK_RECEIVED: readonly GitConfigPair[] = [
  { key: 'transfer.fsckObjects', value: 'true' },
  { key: 'fetch.fsckObjects', value: 'true' },
];

const isHelper = ({ key }: GitConfigPair) => /^credential\.(.*\.)?helper$/i.test(key);

/**
 * A sidecar has a limit of some 64 MiB, and git by itself takes a quarter of a GiB to pack or unpack a few large files.
 * Large files are streamed instead of held, and caches stay small.
 */
const LOW_MEMORY_CONFIG: readonly GitConfigPair[] = [
  { key: 'core.bigFileThreshold', value: '2m' },
  { key: 'core.deltaBaseCacheLimit', value: '8m' },
  { key: 'pack.threads', value: '1' },
  { key: 'pack.windowMemory', value: '8m' },
  { key: 'pack.deltaCacheSize', value: '8m' },
];

function lfsConfig(): GitConfigPair[] {
  return [
    { key: 'filter.lfs.process', value: 'git-lfs filter-process' },
    { key: 'filter.lfs.smudge', value: 'git-lfs smudge -- %f' },
    { key: 'filter.lfs.clean', value: 'git-lfs clean -- %f' },
    // Without it a file that cannot be fetched would be published as its pointer.
    { key: 'filter.lfs.required', value: 'true' },
    // A sidecar has little memory and one processor.
    { key: 'lfs.concurrentTransfers', value: '2' },
    { key: 'lfs.activityTimeout', value: '30' },
    { key: 'lfs.dialTimeout', value: '30' },
    { key: 'lfs.basicTransfersOnly', value: 'true' },
  ];
}

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
  // Only then git tells the credential helper which repository it asks for.
  const value = 'true';
  const scope =
    settings.credentialScope === 'repository'
      ? [{ key: 'credential.useHttpPath', value }]
      : hostsAskedWithPaths(settings).map((host) => ({ key: `credential.${host}.useHttpPath`, value }));
  const fsck = settings.fsck === true ? CHECK_RECEIVED : [];
  return [
    { key: 'gc.autoDetach', value: 'false' },
    { key: 'gc.pruneExpire', value: 'now' },
    // Git would go by absolute paths, which are wrong wherever else the volume is mounted. Lost worktrees are forgotten
    // by other means.
    { key: 'gc.worktreePruneExpire', value: 'never' },
    ...LOW_MEMORY_CONFIG,
    ...helper,
    ...scope,
    ...fsck,
    ...(settings.lfs === true ? lfsConfig() : []),
    ...RUNS_PROGRAMS,
    askPass(settings),
    // Volumes may belong to the pod's fsGroup or to the user of an earlier container.
    { key: 'safe.directory', value: '*' },
    { key: 'advice.detachedHead', value: 'false' },
    ...cookie,
  ];
}

/** Writes git's global configuration and returns its path. User settings come last and win. */
export async function writeGitConfig(init: GitFilesInit): Promise<string> {
  const path = join(init.runtimePath, 'gitconfig');
  const text = renderGitConfig([...defaults(init), ...init.settings.gitConfig], new Set(['safe.directory']));
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/**
 * Writes what the root's own configuration must not override: the root is often shared, and its `.git/config` and hooks
 * may come from anybody who could write there once. Repository config overrides the global file; GIT_CONFIG_COUNT
 * overrides both (git-config(1)). What the user configures wins over all of it.
 */
export async function writeProtectiveConfig(init: GitFilesInit): Promise<string> {
  const { gitConfig } = init.settings;
  const isSetByUser = (key: string) => gitConfig.some((pair) => pair.key.toLowerCase() === key.toLowerCase());
  // An empty helper clears the list of those in the root (gitcredentials(7)); ours and the user's follow.
  const first = [
    ...[...RUNS_PROGRAMS, askPass(init.settings)].filter(({ key }) => !isSetByUser(key)),
    { key: 'credential.helper', value: '' },
  ];
  const helpers = [...defaults(init), ...gitConfig].filter(isHelper);
  const path = join(init.runtimePath, 'gitconfig-protective');
  await writeFile(path, renderGitConfig(first) + renderGitConfig(helpers), { mode: 0o600 });
  return path;
}
