/** Everything that is looked at, and the findings of it. Decisions are those of the other modules here. */
import { systemClock } from '../../../core/clock.ts';
import type { ApiClient } from '../../../kubernetes/client.ts';
import { type Json, listAt, textAt } from '../../../kubernetes/json.ts';
import { listAll } from '../../../kubernetes/list.ts';
import { refuse } from '../../../kubernetes/refuse.ts';
import { type KubernetesVersion, parseVersion } from '../../../kubernetes/version.ts';
import { HTTP_PORT } from '../manifest/settings.ts';
import { type AnsweredAccess, accessFindings, accessReview, wantedAccess } from './access.ts';
import { type ServedChain, trustFindings } from './certificates.ts';
import { nodeFindings, ownFindings, readyEndpoints, versionFindings } from './cluster.ts';
import { type Attempted, attempt, type Finding, notChecked, notReached, valueOf } from './finding.ts';
import { podsAndSecrets } from './gather-pods.ts';
import { type Installed, installedAs } from './installed.ts';
import { POLICY, type PolicyFacts, policyFindings } from './policies.ts';
import { rehearsalFindings, rehearsalPod } from './reachability.ts';
import { shownChain } from './shown-chain.ts';
import { webhookFindings } from './webhooks.ts';

export interface CheckInput {
  readonly client: ApiClient;
  readonly namespace: string;
  readonly service: string;
  readonly webhooks: string;
  /** `host:port` for a handshake; empty for none. */
  readonly address: string;
  readonly tryIn: string;
  readonly cwd: string;
  /** Folders with profiles. */
  readonly profiles: readonly string[];
  /** Whether this runs with the injector's own rights. */
  readonly isInjector: boolean;
  readonly signal: AbortSignal;
}

/** All findings, in the order in which things depend on each other. */
export async function* findingsOf(input: CheckInput): AsyncGenerator<Finding> {
  const { client, signal } = input;
  const asked = await attempt(async () => {
    const answer = await client.call({ method: 'GET', path: '/version', signal });
    // Who may not see this may see other things; whoever is unknown to the server, or gets its troubles, sees nothing.
    return [200, 403].includes(answer.status) ? answer : refuse('read /version', answer);
  });
  if ('problem' in asked) {
    yield notReached(asked.problem);
    return;
  }
  const [mutating, validating] = await webhookConfigurations(input);
  const hasNoWebhook = 'value' in mutating && mutating.value === undefined;
  const policies = hasNoWebhook ? valueOf(await attempt(() => installedPolicies(input))) : undefined;
  if (policies?.mutating !== undefined) {
    yield* await withoutServer(input, policies);
    return;
  }
  const { namespace, service } = input;
  const own = await ownObjects(input);
  const installed = installedAs(valueOf(own.deployment) ?? undefined);
  const replicas = 'value' in own.slices ? readyEndpoints(own.slices.value) : undefined;
  yield* 'problem' in own.deployment
    ? await versionsUnknown(input, own.deployment.problem)
    : await versions(input, installed);
  yield* replicaFindings(own, namespace);
  yield* configurationFindings({ mutating, validating, namespace, service, replicas });
  yield* await trust(input, [valueOf(mutating), valueOf(validating)]);
  yield* accessFindings(await askAccess(input, installed));
  yield* await rehearse(input, installed);
  yield* 'problem' in own.deployment
    ? [notChecked('pods', own.deployment.problem)]
    : await podsAndSecrets(input, installed);
}

/** A cluster that injects by policies. What they were made of is not known: neither the image nor the profiles. */
async function withoutServer(input: CheckInput, policies: PolicyFacts): Promise<Finding[]> {
  const defaults = installedAs(undefined);
  const installed = {
    ...defaults,
    target: valueOf(await attempt(() => serverVersion(input))) ?? defaults.target,
  };
  return [
    ...(await versions(input, installed)),
    ...policyFindings(policies),
    ...(await rehearse(input, installed)),
    ...(await podsAndSecrets(input, installed, { isVersionKnown: false })),
  ];
}

async function installedPolicies(input: CheckInput): Promise<PolicyFacts> {
  const group = '/apis/admissionregistration.k8s.io/v1';
  const all = (kind: string) => listAll(input.client, `${group}/${kind}`, input.signal);
  const mutating = await get(input, `${group}/mutatingadmissionpolicies/${POLICY}`);
  return {
    mutating,
    validating: await get(input, `${group}/validatingadmissionpolicies/${POLICY}`),
    mutatingBindings: mutating === undefined ? [] : await all('mutatingadmissionpolicybindings'),
    validatingBindings: mutating === undefined ? [] : await all('validatingadmissionpolicybindings'),
  };
}

/** Undefined for what is not there; throws `api_refused` for what may not be seen. */
async function get({ client, signal }: CheckInput, path: string): Promise<Json | undefined> {
  const answer = await client.call({ method: 'GET', path, signal });
  if (answer.status === 404) {
    return undefined;
  }
  return answer.status === 200 ? answer.json : refuse(`read ${path}`, answer);
}

interface Own {
  readonly deployment: Attempted<Json | undefined>;
  readonly service: Attempted<Json | undefined>;
  readonly slices: Attempted<readonly Json[]>;
}

async function ownObjects(input: CheckInput): Promise<Own> {
  const { client, namespace, service, signal } = input;
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const ofService = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  return {
    deployment: await attempt(() =>
      get(input, `/apis/apps/v1/namespaces/${namespace}/deployments/${service}`),
    ),
    service: await attempt(() => get(input, `/api/v1/namespaces/${namespace}/services/${service}`)),
    slices: await attempt(() => listAll(client, `${slices}?labelSelector=${ofService}`, signal)),
  };
}

function replicaFindings({ deployment, service, slices }: Own, namespace: string): Finding[] {
  const unknown = [deployment, service, slices].find((attempted) => 'problem' in attempted);
  if (unknown !== undefined && 'problem' in unknown) {
    return [notChecked('replicas', unknown.problem)];
  }
  return ownFindings({
    deployment: valueOf(deployment),
    service: valueOf(service),
    slices: valueOf(slices) ?? [],
    namespace,
  });
}

async function serverVersion(input: CheckInput): Promise<KubernetesVersion | undefined> {
  return parseVersion(textAt((await get(input, '/version')) ?? null, 'gitVersion') ?? '');
}

/** What it writes for stands in the Deployment: without that, nothing can be said of versions, neither good nor bad. */
async function versionsUnknown(input: CheckInput, problem: string): Promise<Finding[]> {
  const nodes = await attempt(() => listAll(input.client, '/api/v1/nodes', input.signal));
  return [notChecked('version', problem), notChecked('nodes', 'problem' in nodes ? nodes.problem : problem)];
}

async function versions(input: CheckInput, installed: Installed): Promise<Finding[]> {
  const version = await attempt(() => serverVersion(input));
  const nodes = await attempt(() => listAll(input.client, '/api/v1/nodes', input.signal));
  const server = valueOf(version);
  return [
    ...('problem' in version || server === undefined
      ? [notChecked('version', 'problem' in version ? version.problem : 'its version cannot be read')]
      : versionFindings(server, installed)),
    ...('problem' in nodes ? [notChecked('nodes', nodes.problem)] : nodeFindings(nodes.value, installed)),
  ];
}

async function webhookConfigurations(
  input: CheckInput,
): Promise<readonly [Attempted<Json | undefined>, Attempted<Json | undefined>]> {
  const group = '/apis/admissionregistration.k8s.io/v1';
  return [
    await attempt(() => get(input, `${group}/mutatingwebhookconfigurations/${input.webhooks}`)),
    await attempt(() => get(input, `${group}/validatingwebhookconfigurations/${input.webhooks}`)),
  ];
}

interface Configurations {
  readonly mutating: Attempted<Json | undefined>;
  readonly validating: Attempted<Json | undefined>;
  readonly namespace: string;
  readonly service: string;
  readonly replicas: number | undefined;
}

function configurationFindings({ mutating, validating, ...rest }: Configurations): Finding[] {
  const unknown = [mutating, validating].find((attempted) => 'problem' in attempted);
  return unknown !== undefined && 'problem' in unknown
    ? [notChecked('webhooks', unknown.problem)]
    : webhookFindings({
        ...rest,
        mutating: valueOf(mutating),
        validating: valueOf(validating),
      });
}

async function trust(input: CheckInput, configurations: readonly (Json | undefined)[]): Promise<Finding[]> {
  const { namespace, service, address } = input;
  const name = `${service}.${namespace}.svc`;
  const entries = configurations.flatMap((each) => listAt(each, 'webhooks'));
  const findings: Finding[] = [];
  const served: ServedChain[] = [];
  if (address !== '') {
    const shown = await shownChain(address, name, input.signal);
    if ('problem' in shown) {
      const message = `no handshake with ${address}: ${shown.problem}`;
      findings.push({ check: 'certificate', level: 'failed', message, hint: 'see replicas here' });
    } else {
      served.push({ by: address, pem: shown.value });
    }
  }
  const statuses = await attempt(() => replicaStatuses(input));
  if ('problem' in statuses) {
    findings.push(...(served.length > 0 ? [] : [notChecked('certificate', statuses.problem)]));
  } else {
    served.push(...statuses.value);
  }
  return [...findings, ...trustFindings({ entries, served, name, now: systemClock.now() })];
}

/** What every replica says that it shows, by way of the API server. */
async function replicaStatuses(input: CheckInput): Promise<ServedChain[]> {
  const { client, namespace, service, signal } = input;
  const label = encodeURIComponent(`app.kubernetes.io/name=${service}`);
  const pods = await listAll(client, `/api/v1/namespaces/${namespace}/pods?labelSelector=${label}`, signal);
  const served: ServedChain[] = [];
  for (const pod of pods) {
    const name = textAt(pod, 'metadata', 'name') ?? '';
    // By number: a port's name is for Services only.
    const path = `/api/v1/namespaces/${namespace}/pods/${name}:${HTTP_PORT}/proxy/status`;
    const status = await get(input, path);
    const pem = textAt(status ?? null, 'certificate', 'pem');
    if (pem !== undefined) {
      served.push({ by: name, pem });
    }
  }
  return served;
}

async function askAccess(
  { client, namespace, isInjector, signal }: CheckInput,
  { scans }: Installed,
): Promise<AnsweredAccess[]> {
  const answers: AnsweredAccess[] = [];
  for (const wanted of wantedAccess(namespace, scans)) {
    const { path, body } = accessReview(wanted, isInjector ? undefined : namespace);
    const status = await attempt(async () => {
      const answer = await client.call({ method: 'POST', path, body, signal });
      return answer.status === 201 ? answer.json : refuse('review access', answer);
    });
    answers.push({ wanted, status });
  }
  return answers;
}

async function rehearse(input: CheckInput, { image }: Installed): Promise<Finding[]> {
  const { client, tryIn, signal } = input;
  const path = `/api/v1/namespaces/${tryIn}/pods?dryRun=All`;
  const started = performance.now();
  const answer = await attempt(() =>
    client.call({ method: 'POST', path, body: rehearsalPod(image), signal }),
  );
  return 'problem' in answer
    ? [notChecked('reachability', answer.problem)]
    : rehearsalFindings({
        ...answer.value,
        milliseconds: performance.now() - started,
        namespace: tryIn,
      });
}
