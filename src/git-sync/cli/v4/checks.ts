/** What v4 demands of its options, in its order and in its words; then what Pillion demands in addition. */

import { isFullHash } from '../../../git/object-name.ts';
import { IDENTITIES } from '../../../git/settings.ts';
import { commandProblem } from '../../options/commands.ts';
import { isUncatchable, parseSignal } from '../../options/signal-names.ts';
import {
  CREDENTIAL_SCOPES,
  GC_MODES,
  linesOf,
  oneOf,
  REUSE_MODES,
  SUBMODULE_MODES,
  VERIFY_MODES,
} from '../../options/words.ts';
import { sparsePathProblem } from '../../sync/repository/cone.ts';
import { isSelection, selectionProblem } from '../../sync/tags/selection.ts';
import { fileProblem, linkProblem, refProblem, repoProblem } from '../address-checks.ts';
import { type Check, complaintsBeginning, isDuration, quotedList, when } from '../checks.ts';
import { linkOrDefault, splitUrl } from '../repo-url.ts';
import type { V4Values } from './options.ts';
import { publishChecks } from './publish-checks.ts';

type V4Check = Check<V4Values>;

const { flagComplaint, gitConfigComplaint } = complaintsBeginning('invalid flag');

const SHORTEST_PERIOD = 10;
const SHORTEST_HOOK = 1000;

/** A missing root is reported even before there could be an error file. */
export const rootCheck: V4Check = ({ root }) => when(root === '', 'required flag: --root must be specified');

const syncChecks: readonly V4Check[] = [
  ({ repo }) => when(repo === '', 'required flag: --repo must be specified'),
  ({ branch, rev }) =>
    when(
      branch !== '' && rev !== '' && rev !== 'HEAD',
      "deprecated flag combo: can't set --ref from deprecated --branch and --rev (one or the other is OK)",
    ),
  ({ ref }) => when(ref === '', 'required flag: --ref must be specified'),
  ({ depth }) => when(depth < 0, 'invalid flag: --depth must be greater than or equal to 0'),
  ({ submodules }) =>
    when(
      oneOf(SUBMODULE_MODES, submodules) === undefined,
      `invalid flag: --submodules must be one of ${quotedList(SUBMODULE_MODES)}`,
    ),
  ({ gitGc }) =>
    when(
      oneOf(GC_MODES, gitGc) === undefined,
      `invalid flag: --git-gc must be one of ${quotedList(GC_MODES)}`,
    ),
  ({ reuseWorktrees }) =>
    when(
      oneOf(REUSE_MODES, reuseWorktrees) === undefined,
      `invalid flag: --reuse-worktrees must be one of ${quotedList(REUSE_MODES)}`,
    ),
  ({ period, triggerBind }) =>
    when(
      !(period === 0 && triggerBind !== '') && !isDuration(period, SHORTEST_PERIOD),
      'invalid flag: --period must be at least 10ms',
    ),
  ({ initPeriod }) =>
    when(
      initPeriod !== 0 && !isDuration(initPeriod, SHORTEST_PERIOD),
      'invalid flag: --init-period must be at least 10ms',
    ),
  ({ changePermissions }) =>
    when(changePermissions !== 0, 'deprecated flag: --change-permissions is no longer supported'),
  ({ syncOnSignal }) =>
    when(
      syncOnSignal !== '' && parseSignal(syncOnSignal) === undefined,
      'invalid flag: --sync-on-signal must be a valid signal name or number',
    ),
  ({ syncOnSignal }) => {
    const signal = parseSignal(syncOnSignal);
    const uncatchable = signal !== undefined && isUncatchable(signal);
    return when(
      uncatchable,
      `invalid flag: --sync-on-signal must be a signal that a program can handle, not ${signal}`,
    );
  },
  ({ syncTimeout }) =>
    when(!isDuration(syncTimeout, SHORTEST_PERIOD), 'invalid flag: --sync-timeout must be at least 10ms'),
];

function hookChecks(
  flag: string,
  read: (values: V4Values) => { used: string; timeout: number; backoff: number },
): readonly V4Check[] {
  return (['timeout', 'backoff'] as const).map((part) => (values) => {
    const hook = read(values);
    const wrong = hook.used !== '' && !isDuration(hook[part], SHORTEST_HOOK);
    return when(wrong, `invalid flag: --${flag}-${part} must be at least 1s`);
  });
}

const allHookChecks: readonly V4Check[] = [
  ...hookChecks('exechook', (v) => ({
    used: v.exechookCommand,
    timeout: v.exechookTimeout,
    backoff: v.exechookBackoff,
  })),
  ...hookChecks('pre-publish-exechook', (v) => ({
    used: v.prePublishCommand,
    timeout: v.prePublishTimeout,
    backoff: v.prePublishBackoff,
  })),
  ({ webhookUrl, webhookSuccessStatus }) =>
    when(
      webhookUrl !== '' && webhookSuccessStatus < 0,
      'invalid flag: --webhook-success-status must be a valid HTTP code or 0',
    ),
  ...hookChecks('webhook', (v) => ({
    used: v.webhookUrl,
    timeout: v.webhookTimeout,
    backoff: v.webhookBackoff,
  })),
];

const passwordChecks: readonly V4Check[] = [
  ({ username, password, passwordFile }) =>
    when(
      username !== '' && password === '' && passwordFile === '',
      'required flag: $GITSYNC_PASSWORD or --password-file must be specified when --username is specified',
    ),
  ({ username, password, passwordFile }) =>
    when(
      username !== '' && password !== '' && passwordFile !== '',
      'invalid flag: only one of $GITSYNC_PASSWORD and --password-file may be specified',
    ),
  ({ username, repo }) =>
    when(
      username !== '' && splitUrl(repo)?.userInfo !== undefined,
      'invalid flag: credentials may not be specified in --repo when --username is specified',
    ),
  ({ username, password }) =>
    when(
      username === '' && password !== '',
      'invalid flag: $GITSYNC_PASSWORD may only be specified when --username is specified',
    ),
  ({ username, passwordFile }) =>
    when(
      username === '' && passwordFile !== '',
      'invalid flag: --password-file may only be specified when --username is specified',
    ),
];

const usesApp = (v: V4Values) => v.githubAppApplicationId !== 0 || v.githubAppClientId !== '';
const APP_IDS = '--github-app-application-id or --github-app-client-id';
const KEY_VARIABLE = '$GITSYNC_GITHUB_APP_PRIVATE_KEY';
const KEY_FILE = '--github-app-private-key-file';

const githubChecks: readonly V4Check[] = [
  (v) =>
    when(
      v.githubAppApplicationId !== 0 && v.githubAppClientId !== '',
      `invalid flag: only one of ${APP_IDS} may be specified`,
    ),
  (v) =>
    when(
      usesApp(v) && v.githubAppInstallationId === 0,
      `invalid flag: --github-app-installation-id must be specified when ${APP_IDS} are specified`,
    ),
  (v) =>
    when(
      usesApp(v) && v.githubAppPrivateKey === '' && v.githubAppPrivateKeyFile === '',
      `invalid flag: ${KEY_VARIABLE} or ${KEY_FILE} must be specified when ${APP_IDS} are specified`,
    ),
  (v) =>
    when(
      usesApp(v) && v.githubAppPrivateKey !== '' && v.githubAppPrivateKeyFile !== '',
      `invalid flag: only one of ${KEY_VARIABLE} or ${KEY_FILE} may be specified`,
    ),
  ...(['username', 'password', 'passwordFile'] as const).map((key): V4Check => {
    const flag = key === 'passwordFile' ? 'password-file' : key;
    return (v) =>
      when(
        usesApp(v) && v[key] !== '',
        `invalid flag: --${flag} may not be specified when ${KEY_FILE} is specified`,
      );
  }),
  (v) =>
    when(
      !usesApp(v) && v.githubAppInstallationId !== 0,
      `invalid flag: --github-app-installation-id may only be specified when ${KEY_FILE} is specified`,
    ),
];

const hasOtherSource = (entry: V4Values['credential'][number]) =>
  entry.command !== undefined || entry.identity !== undefined;

const credentialChecks: readonly V4Check[] = (
  [
    ['invalid flag: --credential URL must be specified', (c) => c.url === ''],
    [
      'invalid flag: only one of --credential password, password-file, command and identity may be specified',
      (c) =>
        [c.command !== undefined, c.identity !== undefined, c.password + c.passwordFile !== ''].filter(
          Boolean,
        ).length > 1,
    ],
    [
      'invalid flag: --credential username may not be specified with the identity aws',
      (c) => c.identity === 'aws' && c.username !== '',
    ],
    ['invalid flag: --credential username must be specified', (c) => !hasOtherSource(c) && c.username === ''],
    [
      'invalid flag: --credential password or password-file must be specified',
      (c) => !hasOtherSource(c) && c.password === '' && c.passwordFile === '',
    ],
    [
      'invalid flag: only one of --credential password and password-file may be specified',
      (c) => c.password !== '' && c.passwordFile !== '',
    ],
  ] satisfies readonly [string, (entry: V4Values['credential'][number]) => boolean][]
).map(
  ([complaint, isWrong]): V4Check =>
    ({ credential }) =>
      when(credential.some(isWrong), complaint),
);

const httpChecks: readonly V4Check[] = [
  ({ httpBind, httpMetrics }) =>
    when(
      httpBind === '' && httpMetrics,
      'required flag: --http-bind must be specified when --http-metrics is set',
    ),
  ({ httpBind, httpPprof }) =>
    when(
      httpBind === '' && httpPprof,
      'required flag: --http-bind must be specified when --http-pprof is set',
    ),
];

/** What has blanks may be meant for a shell. */
const withShell = (problem: string | undefined) =>
  problem?.startsWith('holds blanks')
    ? `${problem}, or a line for the shell with --pre-publish-shell`
    : problem;

/** Not in the original, or only found there once it runs. */
const extraChecks: readonly V4Check[] = [
  ({ credentialScope }) =>
    when(
      oneOf(CREDENTIAL_SCOPES, credentialScope) === undefined,
      `invalid flag: --credential-scope must be ${quotedList(CREDENTIAL_SCOPES)}`,
    ),
  ({ sparsePath }) => flagComplaint('sparse-path', sparsePathProblem(linesOf(sparsePath))),
  ({ sparsePath, sparseCheckoutFile }) =>
    when(
      linesOf(sparsePath).length > 0 && sparseCheckoutFile !== '',
      'invalid flag: only one of --sparse-path and --sparse-checkout-file may be specified',
    ),
  ({ verify }) =>
    when(
      oneOf(VERIFY_MODES, verify) === undefined,
      `invalid flag: --verify must be one of ${quotedList(VERIFY_MODES)}`,
    ),
  ({ verify, verifyGpgKeyring, verifySshAllowedSigners }) =>
    when(
      (verify !== 'off') !== (verifyGpgKeyring !== '' || verifySshAllowedSigners !== ''),
      'required flag: --verify and --verify-gpg-keyring or --verify-ssh-allowed-signers must be specified together',
    ),
  ({ verify, depth }) =>
    when(
      verify === 'all-new' && depth !== 0,
      'invalid flag: --verify=all-new needs --depth=0: the commits in between have to be there',
    ),
  ({ verify, ref }) =>
    when(
      verify === 'tag' && (/^(HEAD$|refs\/heads\/|heads\/)/.test(ref) || isFullHash(ref.toLowerCase())),
      'invalid flag: --verify=tag needs the name of a tag as --ref',
    ),
  ({ triggerBind, triggerSecretFile }) =>
    when(
      (triggerBind === '') !== (triggerSecretFile === ''),
      'required flag: --trigger-bind and --trigger-secret-file must be specified together',
    ),
  ({ exechookCommand, exechookArgs, exechookShell }) =>
    when(
      exechookCommand === '' && (exechookArgs.length > 0 || exechookShell),
      'required flag: --exechook-command must be specified when --exechook-args or --exechook-shell is set',
    ),
  ({ hookVariables }) =>
    when(
      !hookVariables.every((name) => /^\w*$/.test(name)),
      'invalid flag: --hook-variables takes names of variables, without $ and values',
    ),
  ({ credentialCommand }) => flagComplaint('credential-command', commandProblem([credentialCommand], false)),
  ({ credentialIdentity }) =>
    when(
      credentialIdentity !== '' && oneOf(IDENTITIES, credentialIdentity) === undefined,
      `invalid flag: --credential-identity must be one of ${quotedList(IDENTITIES)}`,
    ),
  ({ username, credentialCommand, credentialIdentity }) =>
    when(
      [username, credentialCommand, credentialIdentity].filter((text) => text !== '').length > 1,
      'invalid flag: only one of --username, --credential-command and --credential-identity may be specified',
    ),
  ({ prePublish, prePublishShell }) =>
    flagComplaint('pre-publish', withShell(commandProblem(prePublish, prePublishShell))),
  ({ prePublishTimeLimit }) =>
    when(
      !isDuration(prePublishTimeLimit, SHORTEST_HOOK),
      'invalid flag: --pre-publish-timeout must be at least 1s',
    ),
  ({ maxConcurrentSyncs }) =>
    when(maxConcurrentSyncs < 1, 'invalid flag: --max-concurrent-syncs must be at least 1'),
  ({ jitter }) => when(!(jitter >= 0 && jitter <= 1), 'invalid flag: --jitter must be from 0 to 1'),
  ({ maxBackoff }) =>
    when(
      maxBackoff !== 0 && !isDuration(maxBackoff, SHORTEST_PERIOD),
      'invalid flag: --max-backoff must be at least 10ms',
    ),
  ({ maxAge, period }) =>
    when(
      maxAge !== 0 && period === 0,
      'invalid flag: --max-age needs a --period: without polls no data is known to be fresh',
    ),
  ({ maxAge, period }) =>
    when(
      maxAge !== 0 && !(isDuration(maxAge, SHORTEST_PERIOD) && maxAge > period),
      'invalid flag: --max-age must be longer than --period',
    ),
  ({ gitConfig }) => gitConfigComplaint('git-config', gitConfig),
  ({ gitConfigAdd }) => gitConfigComplaint('git-config-add', gitConfigAdd.join(',')),
  ({ repo }) => flagComplaint('repo', repoProblem(repo)),
  ({ ref }) => flagComplaint('ref', isSelection(ref) ? selectionProblem(ref) : refProblem(ref)),
  (v) => flagComplaint('link', linkProblem('v4', linkOrDefault(v.link, v.repo), v.root)),
  (v) => flagComplaint('touch-file', fileProblem(v.touchFile, linkOrDefault(v.link, v.repo), v.root)),
  (v) => flagComplaint('error-file', fileProblem(v.errorFile, linkOrDefault(v.link, v.repo), v.root)),
];

/** Everything but `rootCheck`; for values with an absolute root. */
export const v4Checks: readonly V4Check[] = [
  ...syncChecks,
  ...allHookChecks,
  ...passwordChecks,
  ...githubChecks,
  ...credentialChecks,
  ...httpChecks,
  ...extraChecks,
  ...publishChecks,
];
