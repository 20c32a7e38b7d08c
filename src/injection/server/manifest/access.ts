/**
 * What the injector may do in the cluster: keep one Secret and the caBundle of two configurations, read profiles, tell the
 * owners of pods what became of them, and look through pods.
 */
import { CA_SECRET, LABELS, type ManifestSettings, NAME } from './settings.ts';

export function accessObjects({ namespace, scan }: Pick<ManifestSettings, 'namespace' | 'scan'>): object[] {
  const named = { name: NAME, namespace, labels: LABELS };
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace }];
  const rbac = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: named,
      rules: [
        // A name cannot be asked for at a creation.
        { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
        { apiGroups: [''], resources: ['secrets'], resourceNames: [CA_SECRET], verbs: ['get', 'update'] },
        { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: named,
      roleRef: { apiGroup: rbac, kind: 'Role', name: NAME },
      subjects,
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: NAME, labels: LABELS },
      rules: [
        {
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
          resourceNames: [NAME],
          verbs: ['get', 'patch'],
        },
        { apiGroups: [''], resources: ['events'], verbs: ['create', 'get', 'patch'] },
        // Whose pods they are: an Event is for the Deployment, not for its ReplicaSet.
        { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] },
        { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
        ...(scan ? [{ apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['list'] }] : []),
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: NAME, labels: LABELS },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: NAME },
      subjects,
    },
  ];
}
