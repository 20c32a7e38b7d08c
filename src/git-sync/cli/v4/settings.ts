/** From v4's checked options to settings: most fill one by themselves, the rest is here. */
import { resolve } from 'node:path';
import {
  type CommandCredential,
  type GitHubApp,
  IDENTITIES,
  type IdentityCredential,
} from '../../../git/settings.ts';
import { parseCommands } from '../../options/commands.ts';
import { parseGitConfig } from '../../options/git-config-grammar.ts';
import { fillSettings } from '../../options/setting.ts';
import { oneOf } from '../../options/words.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { linkOrDefault } from '../repo-url.ts';
import { credentialFor, targetOf } from '../settings-parts.ts';
import { type V4Values, v4Options } from './options.ts';

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

/** Nothing when there are none. */
function commandCredentials(v: V4Values, repo: string): { commandCredentials?: CommandCredential[] } {
  const [own] = parseCommands([v.credentialCommand], false);
  const all = [
    ...(own === undefined ? [] : [{ url: repo, command: [own.program, ...own.args] as const }]),
    ...v.credential.flatMap(({ url, username, command }) =>
      command === undefined ? [] : [{ url, command, ...(username === '' ? {} : { username }) }],
    ),
  ];
  return all.length === 0 ? {} : { commandCredentials: all };
}

function identityCredentials(v: V4Values, repo: string): { identityCredentials?: IdentityCredential[] } {
  const own = { url: repo, username: '', identity: oneOf(IDENTITIES, v.credentialIdentity) };
  const all = [own, ...v.credential].flatMap(({ url, username, identity }) =>
    identity === undefined ? [] : [{ url, identity, ...(username === '' ? {} : { username }) }],
  );
  return all.length === 0 ? {} : { identityCredentials: all };
}

/** `--period=0`: nothing but a request starts a sync. */
const periodOf = (ms: number) => (ms === 0 ? Number.POSITIVE_INFINITY : ms);

/** Settings from values that have passed all checks. */
export function v4Settings(
  v: V4Values,
  given: ReadonlySet<string>,
  cwd: string,
  shown: GitSyncSettings['shown'],
): GitSyncSettings {
  const target = targetOf(v.repo, v);
  const others = v.credential.filter(
    ({ command, identity }) => command === undefined && identity === undefined,
  );
  const app = githubApp(v);
  return {
    ...fillSettings(v4Options, v),
    dialect: 'v4',
    repo: target.repo,
    follow: { kind: 'ref', ref: v.ref },
    root: resolve(cwd, v.root),
    link: linkOrDefault(v.link, v.repo),
    periodMs: periodOf(v.period),
    initPeriodMs: periodOf(v.initPeriod === 0 ? v.period : v.initPeriod),
    forgivesOutages: !given.has('maxFailures') && !given.has('maxSyncFailures'),
    initMaxFailures: given.has('initMaxFailures') ? v.initMaxFailures : v.maxFailures,
    changePermissions: 0,
    credentials: [...target.credentials, ...others.map((entry) => credentialFor(entry.url, entry))],
    ...commandCredentials(v, target.repo),
    ...identityCredentials(v, target.repo),
    gitConfig: [...parseGitConfig(v.gitConfig), ...parseGitConfig(v.gitConfigAdd.join(','))],
    shown,
    ...(app === undefined ? {} : { githubApp: app }),
  };
}
