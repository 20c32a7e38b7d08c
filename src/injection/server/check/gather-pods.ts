/** What is looked at of the pods of the cluster, and of the Secrets that they wait for. */
import { refuse } from '../../../kubernetes/refuse.ts';
import { observedPods } from '../pods/observe.ts';
import { attempt, type Finding, notChecked } from './finding.ts';
import type { CheckInput } from './gather.ts';
import type { Installed } from './installed.ts';
import { createSurveyor, podFindings, secretFindings } from './pods.ts';
import { clusterProfiles, profileFindings, settingsOfCluster } from './profiles.ts';

export async function podsAndSecrets(
  input: CheckInput,
  installed: Installed,
  { isVersionKnown = true } = {},
): Promise<Finding[]> {
  const profiles = await attempt(() => clusterProfiles(input, installed));
  if ('problem' in profiles) {
    return [notChecked('profiles', profiles.problem)];
  }
  const settings = settingsOfCluster(profiles.value, installed);
  const surveyor = createSurveyor(settings);
  const attempted = await attempt(async () => {
    for await (const pods of observedPods(input.client, input.signal)) {
      surveyor.add(pods);
    }
  });
  if ('problem' in attempted) {
    return [...profileFindings(profiles.value, settings), notChecked('pods', attempted.problem)];
  }
  const seen = surveyor.survey();
  // Whether something is old can only be told by those who know what is new.
  const survey = isVersionKnown ? seen : { ...seen, stale: [] };
  const missing = await attempt(() => missingSecrets(input, [...survey.secrets.keys()]));
  return [
    ...profileFindings(profiles.value, settings),
    ...podFindings(survey),
    ...('problem' in missing
      ? [notChecked('secrets', missing.problem)]
      : secretFindings(survey, missing.value)),
  ];
}

/** Looks for their metadata: what is in them need not leave the API server. */
async function missingSecrets(
  { client, signal }: CheckInput,
  keys: readonly string[],
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const key of keys) {
    const [namespace = '', name = ''] = key.split('/');
    const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
    const answer = await client.call({ method: 'GET', path, metadataOnly: 'object', signal });
    if (answer.status === 404) {
      missing.push(key);
    } else if (answer.status !== 200) {
      refuse(`see the Secret ${name} in ${namespace}`, answer);
    }
  }
  return missing;
}
