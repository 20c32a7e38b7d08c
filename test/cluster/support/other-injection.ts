/** What injectors of somebody else make of a pod. Pure: for the program in the cluster, and for tests that expect it. */
import { restrictedContainer } from './pods.ts';
import { type Container, type PodSpec, withWebIdentity } from './web-identity.ts';

export interface OtherPod {
  readonly metadata: {
    readonly name?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpec;
}

export const helperNames = (name: string) => ({
  container: `${name}-helper`,
  volume: `${name}-data`,
  annotation: `${name}.example/status`,
});

/** As agents for secrets do it: a container, a volume in every container that it sees, and an annotation that says so. */
export function withHelper(pod: OtherPod, name: string, image: string): OtherPod {
  const { container, volume, annotation } = helperNames(name);
  const { metadata, spec } = pod;
  if (metadata.annotations?.[annotation] !== undefined) {
    return pod;
  }
  const mounted = (each: Container): Container => ({
    ...each,
    volumeMounts: [...(each.volumeMounts ?? []), { name: volume, mountPath: `/other/${name}` }],
  });
  const helper = {
    name: container,
    image,
    imagePullPolicy: 'Never',
    command: ['sleep', 'infinity'],
    securityContext: restrictedContainer,
  };
  return {
    ...pod,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotation]: 'injected' } },
    spec: {
      ...spec,
      ...(spec.initContainers && { initContainers: spec.initContainers.map(mounted) }),
      containers: [...spec.containers, helper].map(mounted),
      volumes: [...(spec.volumes ?? []), { name: volume, emptyDir: {} } as { name: string }],
    },
  };
}

/** As EKS does it for a service account with a role. */
export function withIdentity(pod: OtherPod): OtherPod {
  const isThere = pod.spec.volumes?.some(({ name }) => name === 'aws-iam-token');
  return isThere === true ? pod : { ...pod, spec: withWebIdentity(pod.spec) };
}

/** By the path of a webhook: /helper/NAME, or /identity. */
export function injectedBy(path: string, pod: OtherPod, image: string): OtherPod {
  const [, kind, name = ''] = path.split('/');
  return kind === 'identity' ? withIdentity(pod) : withHelper(pod, name, image);
}
