import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/kubernetes/json.ts';
import { listAt, memberAt, textAt } from '../../src/kubernetes/json.ts';
import { PILLION } from '../support/pillion.ts';
import { waitFor } from '../support/wait-for.ts';
import { KUBERNETES_MINOR } from './support/environment.ts';
import { ASKS_FOR_PAGES, deployment, pod, podSpec } from './support/injected-pods.ts';
import { type Installation, install } from './support/install.ts';
import { tryInside } from './support/kubectl.ts';
import { TestNamespace, useNamespace } from './support/namespace.ts';
import { PROXY, withProxy } from './support/with-proxy.ts';

// What the injector reads of a real cluster and tells to it, and what the cluster makes of what it has put in.
const namespace = useNamespace('around', { podSecurity: 'restricted' });
const limited = useNamespace('limited', { podSecurity: 'restricted' });
const injector = new TestNamespace('pillion');
const PATIENT = { timeoutMs: 120_000, intervalMs: 500 } as const;
let installed: Installation | undefined;

beforeAll(async () => {
  // Made while nobody injects: it stays bare.
  await namespace.apply([pod('early', { 'pillion.dev/inject': 'label' })]);
  installed = await install([`--kubernetes=1.${KUBERNETES_MINOR}`, '--arg=--scan-period=2s'], namespace.name);
  await injector.waitFor('deployment/pillion-injector', { until: 'jsonpath={.status.availableReplicas}=3' });
});
afterAll(async () => {
  await installed?.remove();
});

const create = (where: TestNamespace, object: object) =>
  tryInside(
    ['kubectl', '--namespace', where.name, 'create', '--filename=-', '--dry-run=server', '--output=json'],
    JSON.stringify(object),
  );

/** The pod with resources of its own, as a quota asks for. */
function sized(annotations: object): object {
  const spec = podSpec(['sleep', 'infinity'], 'Never');
  const resources = { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } };
  return {
    ...pod('sized', annotations),
    spec: { ...spec, containers: spec.containers.map((container) => ({ ...container, resources })) },
  };
}

describe('what is put in', () => {
  it('fits the bounds of a LimitRange, takes its defaults, and counts for a ResourceQuota', async () => {
    await limited.apply([
      {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: { name: 'bounds' },
        spec: {
          limits: [
            {
              type: 'Container',
              min: { cpu: '1m', memory: '8Mi' },
              max: { cpu: '2', memory: '1Gi' },
              default: { cpu: '500m', memory: '256Mi' },
              defaultRequest: { cpu: '50m', memory: '48Mi' },
            },
          ],
        },
      },
    ]);
    const ask = { ...ASKS_FOR_PAGES };
    const bounded = await create(limited, sized(ask));
    expect(bounded).toMatchObject({ code: 0 });
    const sidecar = listAt(JSON.parse(bounded.stdout) as Json, 'spec', 'initContainers')[0];
    expect(textAt(sidecar, 'restartPolicy')).toBe('Always');
    // Its own requests and memory limit; the limit of processor time is the default of the namespace.
    expect(memberAt(sidecar, 'resources', 'requests', 'memory')).toBe('64Mi');
    expect(memberAt(sidecar, 'resources', 'limits', 'cpu')).toBe('500m');
    const quota = (memory: string) => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'quota' },
      spec: { hard: { 'requests.cpu': '1', 'requests.memory': '512Mi', 'limits.memory': memory } },
    });
    await limited.apply([quota('2Gi')]);
    await limited.waitFor('resourcequota/quota', { until: 'jsonpath={.status.hard.limits\\.memory}=2Gi' });
    expect(await create(limited, sized(ask))).toMatchObject({ code: 0 });
    await limited.apply([quota('70Mi')]);
    await limited.waitFor('resourcequota/quota', { until: 'jsonpath={.status.hard.limits\\.memory}=70Mi' });
    expect(await create(limited, sized({}))).toMatchObject({ code: 0 });
    const over = await create(limited, sized(ask));
    expect(over.stderr).toContain('exceeded quota');
  });
});

describe('a profile in a ConfigMap with the label', () => {
  it('can be asked for within seconds, by the namespaces that it names', async () => {
    const profile = `apiVersion: pillion.dev/v1
kind: InjectionProfile
metadata:
  name: team
spec:
  labels:
    foo: team
`;
    await injector.apply([
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'team',
          labels: { 'pillion.dev/profiles': 'true' },
          annotations: { 'pillion.dev/namespaces': namespace.name },
        },
        data: { 'team.yaml': profile },
      },
    ]);
    const asking = pod('asking', { 'pillion.dev/inject': 'team' });
    await waitFor(
      async () => {
        // Three times in a row: every replica has it.
        for (let time = 0; time < 3; time += 1) {
          if ((await create(namespace, asking)).code !== 0) {
            return false;
          }
        }
        return true;
      },
      { what: 'the profile to be known', ...PATIENT },
    );
    const { stdout } = await create(namespace, asking);
    expect(memberAt(JSON.parse(stdout) as Json, 'metadata', 'labels', 'foo')).toBe('team');
    expect((await create(limited, asking)).stderr).toContain('may not be used in the namespace');
  });
});

describe('a Deployment whose pods are refused', () => {
  it('gets one Event with the reason, however many replicas tell of it', async () => {
    await namespace.apply([deployment('misspelt', { 'pillion.dev/inject': 'git-snyc' })]);
    const events = async () => {
      const text = await namespace.kubectl([
        'get',
        'events',
        '--field-selector=involvedObject.kind=Deployment,reason=unknown-profile',
        '--output=json',
      ]);
      return listAt(JSON.parse(text) as Json, 'items');
    };
    await waitFor(async () => (await events()).length > 0, { what: 'the Event', ...PATIENT });
    const [event, ...more] = await events();
    expect(more).toEqual([]);
    expect(textAt(event, 'involvedObject', 'name')).toBe('misspelt');
    expect(textAt(event, 'message')).toMatch(/git-snyc.*git-sync/);
    expect(await namespace.kubectl(['describe', 'deployment/misspelt'])).toContain('unknown-profile');
    await namespace.kubectl(['delete', 'deployment/misspelt']);
  });
});

describe('pillion injector check', () => {
  const check = () =>
    withProxy([process.execPath, PILLION, 'injector', 'check', `--api-server=${PROXY}`, '-o', 'json']);

  it('tells of the pod that was made too early, and of nothing else', async () => {
    const [replica = ''] = (
      await injector.kubectl(['get', 'pods', '--output=jsonpath={.items[*].metadata.name}'])
    ).split(' ');
    const metrics = () =>
      injector.kubectl(['get', '--raw', `/api/v1/namespaces/pillion/pods/${replica}:8080/proxy/metrics`]);
    const series = `pillion_injector_pods{state="bare",namespace="${namespace.name}"} 1`;
    await waitFor(async () => (await metrics()).includes(series), { what: 'the count', ...PATIENT });
    const found = await check();
    expect(found.code).toBe(1);
    const findings = JSON.parse(found.stdout) as readonly {
      readonly level: string;
      readonly message: string;
    }[];
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([
      expect.objectContaining({
        level: 'failed',
        message: expect.stringContaining(`${namespace.name}/early`),
      }),
    ]);
    await namespace.kubectl(['delete', 'pod/early', '--now']);
    await namespace.waitFor('pod/early', { until: 'delete' });
    const after = await check();
    expect({ code: after.code, bad: after.stdout.includes('"failed"') }).toEqual({ code: 0, bad: false });
  });

  it('runs in a replica, too, and says what it may not see there', async () => {
    const result = await tryInside([
      'kubectl',
      '--namespace',
      'pillion',
      'exec',
      'deployment/pillion-injector',
      '--',
      'pillion',
      'injector',
      'check',
    ]);
    expect(result.stdout).toMatch(/ok +certificate: pillion-injector\.pillion\.svc:443/);
    expect(result.stdout).toMatch(/ok +access: /);
    expect(result.stdout).toMatch(/warning +nodes: could not be looked at/);
    expect(result.stdout).not.toMatch(/^failed/m);
  });
});
