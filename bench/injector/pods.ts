/** Pods of a size, as reviews. */

const ASKS = {
  'pillion.dev/inject': 'git-sync',
  'pillion.dev/git-sync.repo': 'https://git.example/pages.git',
  'pillion.dev/git-sync.ref': 'main',
};

function review(spec: object): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { generateName: 'web-5d4f8-', labels: { app: 'web' }, annotations: ASKS },
        spec,
      },
      oldObject: null,
      dryRun: false,
    },
  });
}

const container = (env: readonly object[]) => ({
  name: 'web',
  image: 'registry.example/web:1.2.3',
  env,
  ports: [{ containerPort: 8080 }],
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
});

const variables = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ name: `VARIABLE_${at}`, value: `value-${at}` }));

/** A pod with so many variables. */
export function reviewWithEnv(count: number): string {
  return review({ containers: [container(variables(count))], volumes: [{ name: 'data', emptyDir: {} }] });
}

/** A pod whose review has about this many bytes. */
export function reviewOfSize(bytes: number): string {
  const empty = reviewWithEnv(0).length;
  return reviewWithEnv(Math.max(0, Math.round((bytes - empty) / 44)));
}
