/** From v3's checked options to settings. */
import type { GitSyncSettings } from '../../settings.ts';
import { GC_MODES, oneOf, SUBMODULE_MODES } from '../checks.ts';
import { parseGitConfig } from '../git-config-grammar.ts';
import { leafOf } from '../repo-url.ts';
import { COOKIE_FILE, execHook, present, targetOf } from '../settings-parts.ts';
import type { V3Values } from './options.ts';

const SECOND = 1000;

/** `-wait=0` polls without a pause in v3; the shortest period of v4 keeps the process responsive. */
const SHORTEST_PERIOD = 10;

/** No server answers with this status: v3 compares even with 0, which then never matches. */
const NEVER = -1;

function successStatus(given: number): number {
  if (given === -1) {
    return 0;
  }
  return given === 0 ? NEVER : given;
}

function webhook(v: V3Values): GitSyncSettings['webhook'] {
  if (v.webhookUrl === '') {
    return undefined;
  }
  return {
    url: v.webhookUrl,
    method: v.webhookMethod,
    successStatus: successStatus(v.webhookSuccessStatus),
    timeoutMs: v.webhookTimeout,
    backoffMs: v.webhookBackoff,
  };
}

function ssh(v: V3Values): Pick<GitSyncSettings, 'ssh' | 'mustExist'> {
  const common = { knownHosts: v.sshKnownHosts, knownHostsFile: v.sshKnownHostsFile };
  if (!v.ssh) {
    return { ssh: { ...common, keyFiles: [], plain: true } };
  }
  const key = { path: v.sshKeyFile, why: 'the SSH key of -ssh-key-file' };
  const hosts = { path: v.sshKnownHostsFile, why: 'the host keys of -ssh-known-hosts-file' };
  return { ssh: { ...common, keyFiles: [v.sshKeyFile] }, mustExist: v.sshKnownHosts ? [key, hosts] : [key] };
}

/** Settings from values that have passed all checks. */
export function v3Settings(v: V3Values, shown: GitSyncSettings['shown']): GitSyncSettings {
  // v3 tolerates N failures and ends at the next; the settings count the one that ends it.
  const maxFailures = v.maxSyncFailures < 0 ? -1 : v.maxSyncFailures + 1;
  const periodMs = Math.max(Math.trunc(v.wait * SECOND), SHORTEST_PERIOD);
  return {
    dialect: 'v3',
    ...targetOf(v.repo, v),
    follow: { kind: 'branch', branch: v.branch, rev: v.rev === '' ? 'HEAD' : v.rev },
    depth: v.depth,
    filter: '',
    submodules: oneOf(SUBMODULE_MODES, v.submodules) ?? 'recursive',
    sparseCheckoutFile: v.sparseCheckoutFile,
    root: v.root,
    link: v.dest === '' ? leafOf(v.repo) : v.dest,
    touchFile: '',
    // A name under the root, even if it looks absolute.
    errorFile: v.errorFile.replace(/^\/+/, ''),
    periodMs,
    initPeriodMs: periodMs,
    syncTimeoutMs: v.timeout * SECOND,
    oneTime: v.oneTime,
    maxFailures,
    initMaxFailures: maxFailures,
    addUser: v.addUser,
    groupWrite: v.groupWrite,
    changePermissions: v.changePermissions,
    staleWorktreeTimeoutMs: 0,
    ...ssh(v),
    askpassUrl: v.askpassUrl,
    git: v.git,
    gitConfig: parseGitConfig(v.gitConfig),
    gc: oneOf(GC_MODES, v.gitGc) ?? 'auto',
    verbosity: v.v,
    shown,
    ...present({
      exechook: execHook(v.exechookCommand, v.exechookTimeout, v.exechookBackoff),
      webhook: webhook(v),
      http: v.httpBind === '' ? undefined : { bind: v.httpBind, metrics: v.httpMetrics, pprof: v.httpPprof },
      cookieFile: v.cookieFile ? COOKIE_FILE : undefined,
    }),
  };
}
