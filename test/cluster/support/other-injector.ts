import { waitFor } from '../../support/wait-for.ts';
import { dryRun } from './api.ts';
import { bundled } from './bundled.ts';
import { selfSigned } from './certificate.ts';
import { imageUnderTest } from './environment.ts';
import { pod } from './injected-pods.ts';
import { kubectl } from './kubectl.ts';
import type { TestNamespace } from './namespace.ts';
import { restrictedPod } from './pods.ts';

const NAME = 'other-injector';
const PORT = 8443;
const PATIENT = { timeoutMs: 120_000, intervalMs: 200 } as const;

export interface Registration {
  /** Of the configuration: the API server asks them in this order. */
  readonly name: string;
  /** /helper/NAME, or /identity. */
  readonly path: string;
  readonly reinvocationPolicy: 'Never' | 'IfNeeded';
  /** Pods with this label `app`, and no others. */
  readonly app: string;
}

/** Mutating webhooks of somebody else. */
export interface OtherInjector {
  /** Registers them for pods of a namespace, and resolves when the API server asks them. */
  register(namespace: TestNamespace, all: readonly Registration[]): Promise<void>;
  /** How often it was asked about the pod of this name. */
  asked(path: string, podName: string): Promise<number>;
  /** Removes what is in no namespace. */
  remove(): Promise<void>;
}

function server() {
  const command = ['node', '/config/program.mjs', String(PORT), imageUnderTest()];
  const { metadata, spec, ...rest } = restrictedPod({ name: NAME, command });
  const [container] = spec.containers;
  const volumeMounts = [
    { name: 'config', mountPath: '/config', readOnly: true },
    { name: 'tls', mountPath: '/tls', readOnly: true },
  ];
  const readinessProbe = { tcpSocket: { port: PORT }, periodSeconds: 1 };
  return {
    ...rest,
    metadata: { ...metadata, labels: { app: NAME } },
    spec: {
      ...spec,
      terminationGracePeriodSeconds: 1,
      containers: [{ ...container, volumeMounts, readinessProbe }],
      volumes: [
        { name: 'config', configMap: { name: NAME } },
        { name: 'tls', secret: { secretName: NAME } },
      ],
    },
  };
}

/** Starts it; which pods are sent to it, and when, is said by `register`. */
export async function startOtherInjector(own: TestNamespace): Promise<OtherInjector> {
  const { key, certificate } = await selfSigned(`${NAME}.${own.name}.svc`);
  const names = new Set<string>();
  const metadata = { name: NAME };
  await own.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'tls.key': key, 'tls.crt': certificate } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'program.mjs': await bundled(NAME) } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: { app: NAME }, ports: [{ port: 443, targetPort: PORT }] },
    },
    server(),
  ]);
  await own.waitFor(`pod/${NAME}`, { until: 'condition=Ready' });

  const configuration = (where: TestNamespace, { name, path, reinvocationPolicy, app }: Registration) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'pods.other.example',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        reinvocationPolicy,
        timeoutSeconds: 10,
        clientConfig: {
          caBundle: Buffer.from(certificate).toString('base64'),
          service: { name: NAME, namespace: own.name, path },
        },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': where.name } },
        objectSelector: { matchLabels: { app } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
      },
    ],
  });
  const asked = async (path: string, podName: string) =>
    (await own.logs(NAME)).split('\n').filter((line) => line === `${path} ${podName}`).length;
  return {
    asked,
    async register(where, all) {
      for (const each of all) {
        names.add(each.name);
        await kubectl(['apply', '--filename=-'], JSON.stringify(configuration(where, each)));
      }
      for (const { name, path, app } of all) {
        const probe = pod(`probe-${name}`, {});
        const labelled = { ...probe, metadata: { ...probe.metadata, labels: { app } } };
        const isAsked = async () => {
          const made = await dryRun(where.name, labelled);
          return 'pod' in made && (await asked(path, `probe-${name}`)) > 0;
        };
        await waitFor(isAsked, { what: `${name} to be asked`, ...PATIENT });
      }
    },
    async remove() {
      await kubectl(['delete', 'mutatingwebhookconfiguration', '--ignore-not-found', ...names]);
    },
  };
}
