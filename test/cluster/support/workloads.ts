import { join } from 'node:path';
import { fromApi } from './api.ts';
import { clusterFolder } from './environment.ts';
import { inside } from './kubectl.ts';
import type { TestNamespace } from './namespace.ts';

export interface TerminatedState {
  readonly reason: string;
  readonly exitCode: number;
  readonly message?: string;
}

export interface ContainerState {
  readonly name: string;
  readonly containerID?: string;
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount: number;
  readonly state: {
    readonly waiting?: { readonly reason: string; readonly message?: string };
    readonly running?: { readonly startedAt: string };
    readonly terminated?: TerminatedState;
  };
  readonly lastState: { readonly terminated?: TerminatedState };
}

export interface PodState {
  readonly name: string;
  readonly ip: string | undefined;
  readonly isReady: boolean;
  readonly isEnding: boolean;
  /** Init containers and the others, by name. */
  readonly containers: Readonly<Record<string, ContainerState | undefined>>;
}

interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly initContainerStatuses?: readonly ContainerState[];
    readonly containerStatuses?: readonly ContainerState[];
  };
}

function podState({ metadata, status }: PodObject): PodState {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return {
    name: metadata.name,
    ip: status.podIP,
    isReady: status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false,
    isEnding: metadata.deletionTimestamp !== undefined,
    containers: Object.fromEntries(containers.map((container) => [container.name, container])),
  };
}

/** The pods with a label `app`, as the API server tells them now, in the order they were made. */
export async function podsOf(namespace: TestNamespace, app: string): Promise<PodState[]> {
  const text = await fromApi(`/api/v1/namespaces/${namespace.name}/pods?labelSelector=app%3D${app}`);
  const { items } = JSON.parse(text) as { readonly items: readonly PodObject[] };
  const age = ({ metadata }: PodObject) => Date.parse(metadata.creationTimestamp);
  return items.toSorted((left, right) => age(left) - age(right)).map(podState);
}

/** The only pod with a label `app`. */
export async function podOf(namespace: TestNamespace, app: string): Promise<PodState> {
  const pods = await podsOf(namespace, app);
  const [only] = pods;
  if (only === undefined || pods.length > 1) {
    throw new Error(`${pods.length} pods of ${app}, not one: ${pods.map(({ name }) => name).join(' ')}`);
  }
  return only;
}

interface EndpointSlice {
  readonly endpoints?:
    | readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready?: boolean } }[]
    | null;
}

/** Addresses that a Service sends requests to. */
export async function endpointsOf(namespace: TestNamespace, service: string): Promise<string[]> {
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace.name}/endpointslices`;
  const text = await fromApi(`${slices}?labelSelector=kubernetes.io%2Fservice-name%3D${service}`);
  const { items } = JSON.parse(text) as { readonly items: readonly EndpointSlice[] };
  return items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions.ready === true)
    .map(({ addresses: [first = ''] }) => first);
}

/** Kills the first process of a container, and so all of them, as the kernel does when memory is short. */
export async function killContainer(pod: PodState, container: string): Promise<void> {
  const id = pod.containers[container]?.containerID?.split('//').at(-1);
  if (id === undefined) {
    throw new Error(`container ${container} of pod ${pod.name} does not run`);
  }
  const socket = join(clusterFolder(), 'containerd.sock');
  await inside([
    'ctr',
    '--address',
    socket,
    '--namespace',
    'k8s.io',
    'tasks',
    'kill',
    '--signal=SIGKILL',
    id,
  ]);
}
