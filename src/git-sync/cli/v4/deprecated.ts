/** What v4 makes of the options it still takes of v3: each beats its successor, wherever that was given. */
import type { LogNote } from '../result.ts';
import type { V4Values } from './options.ts';

export interface WithoutDeprecated {
  readonly values: V4Values;
  /** A log line for each option that was taken over. */
  readonly log: readonly LogNote[];
}

const SECOND = 1000;

type Step = (values: V4Values) => { readonly said: string; readonly set: Partial<V4Values> } | undefined;

function refFrom(values: V4Values): ReturnType<Step> {
  const { branch, rev } = values;
  if (branch !== '' && (rev === '' || rev === 'HEAD')) {
    return { said: 'setting --ref from deprecated --branch', set: { ref: branch } };
  }
  // Both at once is an error, found by the checks.
  return rev !== '' && branch === ''
    ? { said: 'setting --ref from deprecated --rev', set: { ref: rev } }
    : undefined;
}

const steps: readonly Step[] = [
  refFrom,
  ({ dest }) =>
    dest === '' ? undefined : { said: 'setting --link from deprecated --dest', set: { link: dest } },
  ({ wait }) =>
    wait === 0
      ? undefined
      : { said: 'setting --period from deprecated --wait', set: { period: Math.trunc(wait * SECOND) } },
  ({ timeout }) =>
    timeout === 0
      ? undefined
      : { said: 'setting --sync-timeout from deprecated --timeout', set: { syncTimeout: timeout * SECOND } },
  ({ maxSyncFailures }) =>
    maxSyncFailures === 0
      ? undefined
      : {
          said: 'setting --max-failures from deprecated --max-sync-failures',
          set: { maxFailures: maxSyncFailures },
        },
  ({ syncHookCommand }) =>
    syncHookCommand === ''
      ? undefined
      : {
          said: 'setting --exechook-command from deprecated --sync-hook-command',
          set: { exechookCommand: syncHookCommand },
        },
  ({ passwordFlag }) =>
    passwordFlag === ''
      ? undefined
      : { said: 'setting $GITSYNC_PASSWORD from deprecated --password', set: { password: passwordFlag } },
];

/** Values of hidden and deprecated options moved to the options they stand for. */
export function applyDeprecated(given: V4Values): WithoutDeprecated {
  let values: V4Values = {
    ...given,
    password: given.testPassword === '' ? given.password : given.testPassword,
    githubAppPrivateKey:
      given.testGithubAppPrivateKey === '' ? given.githubAppPrivateKey : given.testGithubAppPrivateKey,
    verbose: given.v >= 0 ? given.v : given.verbose,
    webhookSuccessStatus: given.webhookSuccessStatus === -1 ? 0 : given.webhookSuccessStatus,
  };
  const log: LogNote[] = [];
  for (const step of steps) {
    const taken = step(values);
    if (taken) {
      values = { ...values, ...taken.set };
      log.push({ message: taken.said, fields: {} });
    }
  }
  return { values, log };
}
