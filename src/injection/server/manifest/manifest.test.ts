import { describe, expect, it } from 'vitest';
import { type Json, listAt, memberAt, textAt } from '../../../kubernetes/json.ts';
import { manifestObjects } from './command.ts';
import type { ManifestSettings } from './settings.ts';

const SETTINGS: ManifestSettings = {
  namespace: 'pillion',
  image: 'registry.example/pillion:1',
  imagePullPolicy: 'IfNotPresent',
  replicas: 3,
  failurePolicy: 'Fail',
  target: { major: 1, minor: 37 },
  namespaceProfiles: ['label', 'team'],
  scan: true,
  args: ['--allow=debug=dev'],
  profilesConfigMap: 'pillion-profiles',
};

const made = (changes: Partial<ManifestSettings> = {}): Json[] =>
  JSON.parse(JSON.stringify(manifestObjects({ ...SETTINGS, ...changes }))) as Json[];
const ofKind = (objects: readonly Json[], kind: string): Json =>
  objects.find((object) => textAt(object, 'kind') === kind) ?? {};

describe('the manifest', () => {
  it('makes the webhooks last, when somebody can answer them', () => {
    const kinds = made().map((object) => textAt(object, 'kind'));
    expect(kinds.slice(-2)).toEqual(['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']);
    expect(kinds[0]).toBe('Namespace');
  });

  it('asks for no more access than it uses: one Secret, profiles, Events, and the two configurations by name', () => {
    const objects = made({ scan: false });
    expect(listAt(ofKind(objects, 'Role'), 'rules')).toEqual([
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['pillion-injector-ca'],
        verbs: ['get', 'update'],
      },
      { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] },
    ]);
    expect(listAt(ofKind(objects, 'ClusterRole'), 'rules')).toMatchObject([
      { resourceNames: ['pillion-injector'], verbs: ['get', 'patch'] },
      { resources: ['events'], verbs: ['create', 'get', 'patch'] },
      { resources: ['replicasets'], verbs: ['get'] },
      { resources: ['jobs'], verbs: ['get'] },
    ]);
    expect(listAt(ofKind(made(), 'ClusterRole'), 'rules').slice(4)).toMatchObject([
      { resources: ['pods', 'namespaces'], verbs: ['list'] },
    ]);
  });

  it('never asks about the cluster and about itself, and only about pods that ask', () => {
    const objects = made();
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
      for (const entry of listAt(ofKind(objects, kind), 'webhooks')) {
        expect(listAt(entry, 'namespaceSelector', 'matchExpressions')[0]).toEqual({
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: ['kube-system', 'kube-public', 'kube-node-lease', 'pillion'],
        });
        expect(listAt(entry, 'matchConditions')).toHaveLength(1);
        // Events for the owners of pods, which a dry run has not.
        const effects = kind === 'MutatingWebhookConfiguration' ? 'NoneOnDryRun' : 'None';
        expect(memberAt(entry, 'sideEffects')).toBe(effects);
      }
    }
  });

  it('has an entry for each profile that a namespace may name, with a path of its own', () => {
    const entries = listAt(ofKind(made(), 'MutatingWebhookConfiguration'), 'webhooks');
    expect(entries.map((entry) => textAt(entry, 'clientConfig', 'service', 'path'))).toEqual([
      '/mutate',
      '/mutate/namespace/label',
      '/mutate/namespace/team',
    ]);
    expect(entries.map((entry) => memberAt(entry, 'reinvocationPolicy'))).toEqual(
      entries.map(() => 'IfNeeded'),
    );
  });

  it('says to the allocator of its replicas what keeps their memory small', () => {
    const [container] = listAt(ofKind(made(), 'Deployment'), 'spec', 'template', 'spec', 'containers');
    expect(listAt(container, 'env')).toContainEqual({ name: 'MALLOC_MMAP_THRESHOLD_', value: '32768' });
  });

  it('emits no conditions below 1.30, which does not know them, and no budget for one replica', () => {
    const objects = made({ target: { major: 1, minor: 29 }, replicas: 1, failurePolicy: 'Ignore' });
    const [entry] = listAt(ofKind(objects, 'MutatingWebhookConfiguration'), 'webhooks');
    expect(memberAt(entry, 'matchConditions')).toBeUndefined();
    expect(ofKind(objects, 'PodDisruptionBudget')).toEqual({});
  });
});
