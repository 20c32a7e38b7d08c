/** A pod as far as injection reads it. Nothing of it is believed before it is looked at here. */
import { isMap, type Json, type JsonMap, listAt, member, textAt } from '../../kubernetes/json.ts';
import type { Refusal } from './decision.ts';

export interface PodContainer {
  readonly name: string;
  /** Where it stands: `containers` or `initContainers`, and its position. */
  readonly list: 'containers' | 'initContainers';
  readonly at: number;
  readonly json: JsonMap;
  readonly mounts: readonly JsonMap[];
  readonly env: readonly JsonMap[];
}

export interface PodView {
  readonly pod: JsonMap;
  readonly spec: JsonMap;
  readonly annotations: JsonMap;
  readonly labels: JsonMap;
  readonly containers: readonly PodContainer[];
  readonly initContainers: readonly PodContainer[];
  readonly volumes: readonly JsonMap[];
}

class ShapeError extends Error {}

export const CONTAINER_NAME_PATTERN = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const CONTAINER_NAME = new RegExp(CONTAINER_NAME_PATTERN);
/** What keeps a pod from being one; a policy says the same. */
export const SHAPE_WORDS = {
  badName: 'is no name of a container',
  noContainers: 'the pod has no containers',
} as const;

function maps(parent: JsonMap, key: string, where: string): readonly JsonMap[] {
  const list = member(parent, key);
  if (list === undefined) {
    return [];
  }
  if (!Array.isArray(list)) {
    throw new ShapeError(`${where}.${key} is no list`);
  }
  const items: readonly unknown[] = list;
  return items.map((item, at) => {
    if (!isMap(item)) {
      throw new ShapeError(`${where}.${key}[${at}] is no object`);
    }
    return item;
  });
}

function mapAt(parent: JsonMap, key: string, where: string): JsonMap {
  const found = member(parent, key) ?? {};
  if (!isMap(found)) {
    throw new ShapeError(`${where}.${key} is no object`);
  }
  return found;
}

function containersOf(spec: JsonMap, list: PodContainer['list']): PodContainer[] {
  return maps(spec, list, 'spec').map((json, at) => {
    const where = `spec.${list}[${at}]`;
    const name = textAt(json, 'name');
    if (name === undefined || !CONTAINER_NAME.test(name)) {
      throw new ShapeError(`${where}.name ${SHAPE_WORDS.badName}`);
    }
    return { name, list, at, json, mounts: maps(json, 'volumeMounts', where), env: maps(json, 'env', where) };
  });
}

/** The parts of a pod, or what keeps it from being one. */
export function viewPod(pod: Json, { mayBeEmpty = false } = {}): PodView | Refusal {
  try {
    if (!isMap(pod)) {
      throw new ShapeError('the pod is no object');
    }
    const metadata = mapAt(pod, 'metadata', 'the pod');
    const spec = member(pod, 'spec');
    if (!isMap(spec)) {
      throw new ShapeError('the pod has no spec');
    }
    const containers = containersOf(spec, 'containers');
    if (containers.length === 0 && !mayBeEmpty) {
      throw new ShapeError(SHAPE_WORDS.noContainers);
    }
    return {
      pod,
      spec,
      annotations: mapAt(metadata, 'annotations', 'metadata'),
      labels: mapAt(metadata, 'labels', 'metadata'),
      containers,
      initContainers: containersOf(spec, 'initContainers'),
      volumes: maps(spec, 'volumes', 'spec'),
    };
  } catch (error) {
    if (error instanceof ShapeError) {
      return { reason: 'bad-pod', message: error.message };
    }
    throw error;
  }
}

/** Whether the pod's owner is a Job, or it ends by itself for another reason. */
export function endsByItself({ pod, spec }: PodView): boolean {
  const policy = textAt(spec, 'restartPolicy') ?? 'Always';
  const owners = listAt(pod, 'metadata', 'ownerReferences');
  return policy !== 'Always' || owners.some((owner) => textAt(owner, 'kind') === 'Job');
}
