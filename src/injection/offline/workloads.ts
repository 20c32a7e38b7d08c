/** The pods that a document describes: the pod itself, or the template of what makes pods. */
import { isMap, type Json, listAt, memberAt, textAt } from '../../kubernetes/json.ts';

export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  /** Where the pod stands in the document; for a pod itself, the document's own path. */
  readonly path: readonly (string | number)[];
  readonly pod: Json;
}

/** Where the pod template of each kind stands; the kinds of OpenShift and Argo Rollouts among them. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ['template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};
const WITH_TEMPLATE: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'DeploymentConfig',
  'Rollout',
]);

/** Lists in lists are nobody's manifests. */
const DEEPEST = 4;

/** All workloads of a document, also those in a List. */
export function workloadsOf(document: Json): Workload[] {
  return find(document, [], 0);
}

function find(value: Json, path: readonly (string | number)[], depth: number): Workload[] {
  const kind = textAt(value, 'kind') ?? '';
  const items = memberAt(value, 'items');
  if (kind.endsWith('List') && Array.isArray(items) && depth < DEEPEST) {
    return listAt(value, 'items').flatMap((item, at) => find(item, [...path, 'items', at], depth + 1));
  }
  const inner = Object.hasOwn(TEMPLATES, kind)
    ? TEMPLATES[kind]
    : WITH_TEMPLATE.has(kind)
      ? ['spec', 'template']
      : undefined;
  const pod = inner === undefined ? undefined : inner.length === 0 ? value : memberAt(value, ...inner);
  if (inner === undefined || !isMap(pod)) {
    return [];
  }
  const name = textAt(value, 'metadata', 'name') ?? textAt(value, 'metadata', 'generateName') ?? '';
  const namespace = textAt(value, 'metadata', 'namespace') ?? '';
  return [{ kind, name, namespace, path: [...path, ...inner], pod }];
}
