/**
 * Other admission plugins, and the order in which an API server asks all of them
 * (k8s.io/apiserver/pkg/admission/plugin/webhook/mutating): one after the other by name, and once more those with
 * `reinvocationPolicy: IfNeeded` whose result somebody has changed since.
 */
import type { Json } from '../../kubernetes/json.ts';

interface Container {
  readonly name: string;
  image?: string;
  restartPolicy?: string;
  resources?: object;
  volumeMounts?: { readonly name: string; readonly mountPath: string }[];
  env?: { readonly name: string; readonly value: string }[];
}

interface MutablePod {
  readonly metadata: { annotations?: Record<string, string> };
  readonly spec: {
    containers: Container[];
    initContainers?: Container[];
    volumes?: { readonly name: string; readonly emptyDir: object }[];
  };
}

export interface Admission {
  readonly name: string;
  readonly reinvocation: 'Never' | 'IfNeeded';
  mutate(pod: Json): Json;
}

/** What is admitted in the end. */
export function admitted(pod: Json, webhooks: readonly Admission[]): Json {
  const last = new Map<Admission, string>();
  let current = builtIn(pod);
  for (const round of [0, 1]) {
    for (const webhook of webhooks) {
      const isAsked =
        round === 0 || (webhook.reinvocation === 'IfNeeded' && last.get(webhook) !== JSON.stringify(current));
      if (isAsked) {
        current = webhook.mutate(current);
        last.set(webhook, JSON.stringify(current));
      }
    }
    current = builtIn(current);
  }
  return current;
}

/** A copy that may be changed. */
function edited(pod: Json, edit: (pod: MutablePod) => void): Json {
  const copy = JSON.parse(JSON.stringify(pod)) as MutablePod;
  edit(copy);
  return copy as unknown as Json;
}

const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount';

/** ServiceAccount and LimitRanger. */
function builtIn(pod: Json): Json {
  return edited(pod, ({ spec }) => {
    const volumes = (spec.volumes ??= []);
    if (!volumes.some(({ name }) => name.startsWith('kube-api-access-'))) {
      volumes.push({ name: 'kube-api-access-x7k2p', emptyDir: {} });
    }
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      const mounts = (container.volumeMounts ??= []);
      if (!mounts.some(({ mountPath }) => mountPath === TOKEN)) {
        mounts.push({ name: 'kube-api-access-x7k2p', mountPath: TOKEN });
      }
      container.resources ??= { limits: { cpu: '1' } };
    }
  });
}

/** A mesh as istio has it: takes itself out and puts itself ahead of everything, each time. */
export const MESH: Admission = {
  name: 'mesh',
  reinvocation: 'IfNeeded',
  mutate: (pod) =>
    edited(pod, ({ metadata, spec }) => {
      const others = (spec.initContainers ?? []).filter(({ name }) => !name.startsWith('istio-'));
      spec.initContainers = [
        { name: 'istio-init', image: 'istio/init' },
        { name: 'istio-proxy', image: 'istio/proxy', restartPolicy: 'Always' },
        ...others,
      ];
      const volumes = (spec.volumes ?? []).filter(({ name }) => name !== 'istio-data');
      spec.volumes = [{ name: 'istio-data', emptyDir: {} }, ...volumes];
      metadata.annotations = { ...metadata.annotations, 'sidecar.istio.io/status': '{}' };
    }),
};

/** Secrets as vault-k8s puts them in: replaces the list of init containers, mounts into every container that it sees. */
export const SECRETS: Admission = {
  name: 'secrets',
  reinvocation: 'Never',
  mutate: (pod) =>
    edited(pod, ({ metadata, spec }) => {
      if (metadata.annotations?.['vault/status'] === 'injected') {
        return;
      }
      const mount = { name: 'vault-secrets', mountPath: '/vault/secrets' };
      for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
        container.volumeMounts = [...(container.volumeMounts ?? []), mount];
      }
      spec.initContainers = [{ name: 'vault-agent-init', image: 'vault' }, ...(spec.initContainers ?? [])];
      spec.containers.push({ name: 'vault-agent', image: 'vault', volumeMounts: [mount] });
      spec.volumes = [...(spec.volumes ?? []), { name: 'vault-secrets', emptyDir: {} }];
      metadata.annotations = { ...metadata.annotations, 'vault/status': 'injected' };
    }),
};

/** Images from a mirror, whoever put them in. */
export const MIRROR: Admission = {
  name: 'mirror',
  reinvocation: 'IfNeeded',
  mutate: (pod) =>
    edited(pod, ({ spec }) => {
      for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
        const { image = '' } = container;
        container.image = image.startsWith('mirror.example/') ? image : `mirror.example/${image}`;
      }
    }),
};
