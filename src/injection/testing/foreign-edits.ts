import type { Json } from '../../kubernetes/json.ts';

interface MutablePod {
  metadata: { annotations: Record<string, string>; labels?: Record<string, string> };
  spec: {
    containers: Record<string, unknown>[];
    initContainers?: Record<string, unknown>[];
    volumes?: Record<string, unknown>[];
  };
}

/** What other admission plugins and controllers do to a pod between two calls. */
export const FOREIGN_EDITS: readonly ((pod: MutablePod) => Json)[] = [
  (pod) => {
    pod.spec.initContainers?.unshift({ name: 'istio-init', image: 'istio' });
    pod.spec.containers.push({ name: 'istio-proxy', image: 'istio' });
    return pod as unknown as Json;
  },
  (pod) => {
    pod.spec.initContainers?.reverse();
    pod.spec.containers.reverse();
    return pod as unknown as Json;
  },
  (pod) => {
    for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
      container['image'] = `mirror.example/${String(container['image'])}`;
      const mounts = (container['volumeMounts'] ??= []) as unknown[];
      mounts.push({ name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount2' });
    }
    return pod as unknown as Json;
  },
  (pod) => {
    delete pod.spec.volumes;
    pod.spec.initContainers = pod.spec.initContainers?.slice(1) ?? [];
    return pod as unknown as Json;
  },
  (pod) => {
    delete pod.metadata.annotations['pillion.dev/injected.nothing'];
    pod.metadata.labels = { ...pod.metadata.labels, injected: 'elsewhere' };
    return pod as unknown as Json;
  },
];
