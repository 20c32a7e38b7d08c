/**
 * When the API server asks: only for pods that want something, so that nobody else waits for the injector or is harmed
 * when it is gone.
 */
import { SYSTEM_NAMESPACES } from '../../../kubernetes/system-namespaces.ts';
import { atLeast } from '../../../kubernetes/version.ts';
import { ASK, NOTHING } from '../../annotations.ts';
import { ADVISE_PATH, MUTATE_PATH, NAMESPACE_PATH } from '../paths.ts';
import { LABELS, type ManifestSettings, NAME } from './settings.ts';

const TIMEOUT_SECONDS = 5;
const ADVISE_TIMEOUT_SECONDS = 2;
/** From this minor version on, a condition may look at annotations. */
const MATCH_CONDITIONS = 30;

const HAS_ASK = `has(object.metadata.annotations) && '${ASK}' in object.metadata.annotations`;
const ASKS = `${HAS_ASK} && object.metadata.annotations['${ASK}'] != '${NOTHING}'`;
const templateAsks = (template: string) =>
  `has(object.spec.${template}) && has(object.spec.${template}.metadata) && has(object.spec.${template}.metadata.annotations) && '${ASK}' in object.spec.${template}.metadata.annotations`;
const JOB_TEMPLATE = 'jobTemplate.spec.template';

export function webhookObjects(settings: ManifestSettings): object[] {
  const metadata = { name: NAME, labels: LABELS };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'ValidatingWebhookConfiguration',
      metadata,
      webhooks: [adviseEntry(settings)],
    },
    {
      apiVersion,
      kind: 'MutatingWebhookConfiguration',
      metadata,
      webhooks: [
        podEntry(settings, {
          name: 'pods.injector.pillion.dev',
          path: MUTATE_PATH,
          condition: ASKS,
          labels: [],
        }),
        ...settings.namespaceProfiles.map((profile) =>
          podEntry(settings, {
            name: `${profile}.namespaces.injector.pillion.dev`,
            path: `${NAMESPACE_PATH}/${profile}`,
            condition: `!(${HAS_ASK})`,
            labels: [{ key: ASK, operator: 'In', values: [profile] }],
          }),
        ),
      ],
    },
  ];
}

interface PodEntry {
  readonly name: string;
  readonly path: string;
  readonly condition: string;
  readonly labels: readonly object[];
}

function podEntry(settings: ManifestSettings, { name, path, condition, labels }: PodEntry): object {
  return {
    ...common(settings, name, path),
    rules: [
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['pods'],
        operations: ['CREATE'],
        scope: 'Namespaced',
      },
    ],
    // Events on the owner, and none for a dry run.
    sideEffects: 'NoneOnDryRun',
    failurePolicy: settings.failurePolicy,
    reinvocationPolicy: 'IfNeeded',
    timeoutSeconds: TIMEOUT_SECONDS,
    namespaceSelector: { matchExpressions: [...elsewhere(settings), ...labels] },
    ...conditions(settings, 'asks', condition),
  };
}

function adviseEntry(settings: ManifestSettings): object {
  const operations = ['CREATE', 'UPDATE'];
  return {
    ...common(settings, 'workloads.injector.pillion.dev', ADVISE_PATH),
    rules: [
      {
        apiGroups: ['apps'],
        apiVersions: ['v1'],
        resources: ['deployments', 'statefulsets', 'daemonsets'],
        operations,
        scope: 'Namespaced',
      },
      {
        apiGroups: ['batch'],
        apiVersions: ['v1'],
        resources: ['jobs', 'cronjobs'],
        operations,
        scope: 'Namespaced',
      },
    ],
    failurePolicy: 'Ignore',
    timeoutSeconds: ADVISE_TIMEOUT_SECONDS,
    namespaceSelector: { matchExpressions: elsewhere(settings) },
    ...conditions(
      settings,
      'asks',
      `(${templateAsks('template')}) || (has(object.spec.jobTemplate) && ${templateAsks(JOB_TEMPLATE)})`,
    ),
  };
}

function common({ namespace }: ManifestSettings, name: string, path: string): object {
  return {
    name,
    admissionReviewVersions: ['v1', 'v1beta1'],
    sideEffects: 'None',
    matchPolicy: 'Equivalent',
    clientConfig: { service: { name: NAME, namespace, path, port: 443 } },
  };
}

/** Neither the cluster's own pods nor the injector's, which could not start again without one of them. */
function elsewhere({ namespace }: ManifestSettings): object[] {
  const values = [...SYSTEM_NAMESPACES, namespace];
  return [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values }];
}

function conditions({ target }: ManifestSettings, name: string, expression: string): object {
  return atLeast(target, MATCH_CONDITIONS) ? { matchConditions: [{ name, expression }] } : {};
}
