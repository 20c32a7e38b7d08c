/** From v4's checked options to settings. */
import { resolve } from 'node:path';
import type { GitHubApp } from '../../../git/settings.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { GC_MODES, oneOf, SUBMODULE_MODES } from '../checks.ts';
import { parseGitConfig } from '../git-config-grammar.ts';
import { leafOf } from '../repo-url.ts';
import { COOKIE_FILE, credentialFor, execHook, present, targetOf } from '../settings-parts.ts';
import { parseSignal } from '../signal-names.ts';
import type { V4Values } from './options.ts';

function githubApp(v: V4Values): GitHubApp | undefined {
  const issuer = v.githubAppClientId === '' ? String(v.githubAppApplicationId) : v.githubAppClientId;
  if (issuer === '0') {
    return undefined;
  }
  return {
    baseUrl: v.githubBaseUrl,
    issuer,
    installationId: v.githubAppInstallationId,
    ...(v.githubAppPrivateKeyFile === ''
      ? { privateKey: v.githubAppPrivateKey }
      : { privateKeyFile: v.githubAppPrivateKeyFile }),
  };
}

function webhook(v: V4Values): GitSyncSettings['webhook'] {
  if (v.webhookUrl === '') {
    return undefined;
  }
  return {
    url: v.webhookUrl,
    method: v.webhookMethod,
    successStatus: v.webhookSuccessStatus,
    timeoutMs: v.webhookTimeout,
    backoffMs: v.webhookBackoff,
  };
}

/** Settings from values that have passed all checks. */
export function v4Settings(
  v: V4Values,
  given: ReadonlySet<string>,
  cwd: string,
  shown: GitSyncSettings['shown'],
): GitSyncSettings {
  const target = targetOf(v.repo, v);
  const others = v.credential.map((entry) => credentialFor(entry.url, entry));
  return {
    dialect: 'v4',
    repo: target.repo,
    follow: { kind: 'ref', ref: v.ref },
    depth: v.depth,
    filter: v.filter,
    submodules: oneOf(SUBMODULE_MODES, v.submodules) ?? 'recursive',
    sparseCheckoutFile: v.sparseCheckoutFile,
    root: resolve(cwd, v.root),
    link: v.link === '' ? leafOf(v.repo) : v.link,
    touchFile: v.touchFile,
    errorFile: v.errorFile,
    periodMs: v.period,
    initPeriodMs: v.initPeriod === 0 ? v.period : v.initPeriod,
    syncTimeoutMs: v.syncTimeout,
    oneTime: v.oneTime,
    maxFailures: v.maxFailures,
    initMaxFailures: given.has('initMaxFailures') ? v.initMaxFailures : v.maxFailures,
    addUser: v.addUser,
    groupWrite: v.groupWrite,
    changePermissions: 0,
    staleWorktreeTimeoutMs: v.staleWorktreeTimeout,
    credentials: [...target.credentials, ...others],
    ssh: {
      keyFiles: v.sshKeyFile.filter((path) => path !== ''),
      knownHosts: v.sshKnownHosts,
      knownHostsFile: v.sshKnownHostsFile,
    },
    askpassUrl: v.askpassUrl,
    git: v.git,
    gitConfig: [...parseGitConfig(v.gitConfig), ...parseGitConfig(v.gitConfigAdd.join(','))],
    gc: oneOf(GC_MODES, v.gitGc) ?? 'always',
    verbosity: v.verbose,
    shown,
    ...present({
      exechook: execHook(v.exechookCommand, v.exechookTimeout, v.exechookBackoff),
      prePublishHook: execHook(v.prePublishCommand, v.prePublishTimeout, v.prePublishBackoff),
      webhook: webhook(v),
      http: v.httpBind === '' ? undefined : { bind: v.httpBind, metrics: v.httpMetrics, pprof: v.httpPprof },
      githubApp: githubApp(v),
      cookieFile: v.cookieFile ? COOKIE_FILE : undefined,
      syncOnSignal: parseSignal(v.syncOnSignal),
    }),
  };
}
