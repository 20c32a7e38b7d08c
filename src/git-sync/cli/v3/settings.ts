/** From v3's checked options to settings: most fill one by themselves, the rest is here. */

import { parseGitConfig } from '../../options/git-config-grammar.ts';
import { defaultSettings, fillSettings } from '../../options/setting.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { linkOrDefault } from '../repo-url.ts';
import { targetOf } from '../settings-parts.ts';
import { v4Options } from '../v4/options.ts';
import { type V3Values, v3Options } from './options.ts';

const SECOND = 1000;

/** `-wait=0` polls without a pause in v3; the shortest period of v4 keeps the process responsive. */
const SHORTEST_PERIOD = 10;

function ssh(v: V3Values): Pick<GitSyncSettings, 'ssh' | 'mustExist'> {
  const { keepMs } = defaultSettings(v4Options).ssh;
  const common = { knownHosts: v.sshKnownHosts, knownHostsFile: v.sshKnownHostsFile, keepMs };
  if (!v.ssh) {
    return { ssh: { ...common, keyFiles: [], plain: true } };
  }
  const key = { path: v.sshKeyFile, why: 'the SSH key of -ssh-key-file' };
  const hosts = { path: v.sshKnownHostsFile, why: 'the host keys of -ssh-known-hosts-file' };
  return { ssh: { ...common, keyFiles: [v.sshKeyFile] }, mustExist: v.sshKnownHosts ? [key, hosts] : [key] };
}

/** Settings from values that have passed all checks. */
export function v3Settings(
  v: V3Values,
  given: ReadonlySet<string>,
  shown: GitSyncSettings['shown'],
): GitSyncSettings {
  // v3 tolerates N failures and ends at the next; the settings count the one that ends it.
  const maxFailures = v.maxSyncFailures < 0 ? -1 : v.maxSyncFailures + 1;
  const periodMs = Math.max(Math.trunc(v.wait * SECOND), SHORTEST_PERIOD);
  return {
    ...defaultSettings(v4Options),
    ...fillSettings(v3Options, v),
    dialect: 'v3',
    ...targetOf(v.repo, v),
    follow: { kind: 'branch', branch: v.branch, rev: v.rev === '' ? 'HEAD' : v.rev },
    root: v.root,
    link: linkOrDefault(v.dest, v.repo),
    periodMs,
    initPeriodMs: periodMs,
    maxFailures,
    forgivesOutages: !given.has('maxSyncFailures'),
    initMaxFailures: maxFailures,
    ...ssh(v),
    gitConfig: parseGitConfig(v.gitConfig),
    shown,
  };
}
