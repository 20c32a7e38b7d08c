/** What v3 demands of its options, in its order and in its words; then what Pillion demands in addition. */

import { GC_MODES, oneOf, SUBMODULE_MODES } from '../../options/words.ts';
import { fileProblem, linkProblem, refProblem, repoProblem } from '../address-checks.ts';
import {
  type Check,
  complaintsBeginning,
  isDuration,
  LONGEST_MS,
  quotedList,
  when as whenComplaint,
} from '../checks.ts';
import { linkOrDefault } from '../repo-url.ts';
import { errorFileInRoot, type V3Values } from './options.ts';

type V3Check = Check<V3Values>;

const { flagComplaint, gitConfigComplaint } = complaintsBeginning('ERROR');
const when = (isWrong: boolean, complaint: string) => whenComplaint(isWrong, `ERROR: ${complaint}`);

const SECOND = 1000;

const syncChecks: readonly V3Check[] = [
  ({ repo }) => when(repo === '', '--repo must be specified'),
  ({ depth }) => when(depth < 0, '--depth must be greater than or equal to 0'),
  ({ submodules }) =>
    when(
      oneOf(SUBMODULE_MODES, submodules) === undefined,
      `--submodules must be one of ${quotedList(SUBMODULE_MODES)}`,
    ),
  ({ gitGc }) =>
    when(oneOf(GC_MODES, gitGc) === undefined, `--git-gc must be one of ${quotedList(GC_MODES)}`),
  ({ root }) => when(root === '', '--root must be specified'),
  ({ wait }) => when(!isDuration(wait * SECOND, 0), '--wait must be greater than or equal to 0'),
  // v3 takes 0 and then fails every sync at once.
  ({ timeout }) => when(timeout <= 0 || timeout * SECOND > LONGEST_MS, '--timeout must be greater than 0'),
];

const hookChecks: readonly V3Check[] = [
  (v) =>
    when(
      v.webhookUrl !== '' && v.webhookSuccessStatus < -1,
      '--webhook-success-status must be a valid HTTP code or -1',
    ),
  (v) =>
    when(
      v.webhookUrl !== '' && !isDuration(v.webhookTimeout, SECOND),
      '--webhook-timeout must be at least 1s',
    ),
  (v) =>
    when(
      v.webhookUrl !== '' && !isDuration(v.webhookBackoff, SECOND),
      '--webhook-backoff must be at least 1s',
    ),
  (v) =>
    when(
      v.exechookCommand !== '' && !isDuration(v.exechookTimeout, SECOND),
      '--exechook-timeout must be at least 1s',
    ),
  (v) =>
    when(
      v.exechookCommand !== '' && !isDuration(v.exechookBackoff, SECOND),
      '--exechook-backoff must be at least 1s',
    ),
];

const excludedBySsh: readonly [flag: string, isSet: (values: V3Values) => boolean][] = [
  ['username', (v) => v.username !== ''],
  ['password', (v) => v.password !== ''],
  ['password-file', (v) => v.passwordFile !== ''],
  ['askpass-url', (v) => v.askpassUrl !== ''],
  ['cookie-file', (v) => v.cookieFile],
];

const credentialChecks: readonly V3Check[] = [
  (v) =>
    when(
      v.password !== '' && v.passwordFile !== '',
      'only one of --password and --password-file may be specified',
    ),
  (v) =>
    when(
      v.username !== '' && v.password === '' && v.passwordFile === '',
      '--password or --password-file must be set when --username is specified',
    ),
  ...excludedBySsh.map(
    ([flag, isSet]): V3Check =>
      (v) =>
        when(v.ssh && isSet(v), `only one of --ssh and --${flag} may be specified`),
  ),
  (v) => when(v.ssh && v.sshKeyFile === '', '--ssh-key-file must be specified when --ssh is specified'),
  (v) =>
    when(
      v.ssh && v.sshKnownHosts && v.sshKnownHostsFile === '',
      '--ssh-known-hosts-file must be specified when --ssh-known-hosts is specified',
    ),
];

/** Not in the original, or only found there once it runs. */
const extraChecks: readonly V3Check[] = [
  ({ gitConfig }) => gitConfigComplaint('git-config', gitConfig),
  ({ repo }) => flagComplaint('repo', repoProblem(repo)),
  ({ branch }) => when(branch === '', '--branch must be specified'),
  ({ branch }) => flagComplaint('branch', refProblem(branch)),
  ({ rev }) => flagComplaint('rev', refProblem(rev)),
  (v) => flagComplaint('dest', linkProblem('v3', linkOrDefault(v.dest, v.repo), v.root)),
  (v) =>
    flagComplaint(
      'error-file',
      fileProblem(errorFileInRoot(v.errorFile), linkOrDefault(v.dest, v.repo), v.root),
    ),
];

/** For values whose root is absolute, or empty. */
export const v3Checks: readonly V3Check[] = [
  ...syncChecks,
  ...hookChecks,
  ...credentialChecks,
  ...extraChecks,
];
