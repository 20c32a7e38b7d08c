import { join } from 'node:path';
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
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
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
  const select = [`--selector=app=${app}`, '--sort-by=.metadata.creationTimestamp'];
  const text = await namespace.kubectl(['get', 'pods', ...select, '--output=json']);
  const list = JSON.parse(text) as { readonly items: readonly PodObject[] };
  return list.items.map(podState);
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

/** Addresses that a Service sends requests to. */
export async function endpointsOf(namespace: TestNamespace, service: string): Promise<string[]> {
  const path = '{.items[*].endpoints[?(@.conditions.ready==true)].addresses[0]}';
  const select = `--selector=kubernetes.io/service-name=${service}`;
  const text = await namespace.kubectl(['get', 'endpointslices', select, `--output=jsonpath=${path}`]);
  return text.split(' ').filter(Boolean);
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
