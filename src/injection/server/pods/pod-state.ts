/** Whether a pod that runs has what it asks for. Pure: the engine is asked what it would do with the pod today. */
import { type Json, listAt, memberAt, textAt } from '../../../kubernetes/json.ts';
import { RECORD } from '../../annotations.ts';
import { decide } from '../../engine/decide.ts';
import type { InjectionSettings } from '../../engine/decision.ts';

export type PodState =
  /** It asks for nothing, says no, or is one that nothing is put into. */
  | 'apart'
  /** It has what it asks for. */
  | 'injected'
  /** It asks and has nothing: it was made while nobody answered, or refused by nobody. */
  | 'bare'
  /** It has what an older version of a profile or image put in. */
  | 'stale';

export interface ObservedPod {
  readonly pod: Json;
  readonly namespace: string;
  /** What the label of its namespace says. */
  readonly namespaceDefault?: string | undefined;
}

export function podState(observed: ObservedPod, settings: InjectionSettings): PodState {
  const { pod } = observed;
  const decision = decide(observed, settings, '');
  const hasRecord = textAt(pod, 'metadata', 'annotations', RECORD) !== undefined;
  if (decision.outcome === 'refused') {
    return hasRecord ? 'stale' : 'bare';
  }
  if (decision.outcome === 'changed') {
    return hasRecord && hasContainers(pod, decision.instances) ? 'injected' : 'bare';
  }
  if (decision.reason === 'already-injected') {
    return 'injected';
  }
  return decision.reason === 'injected-by-another-version' ? 'stale' : 'apart';
}

/** A record can be written by anybody: what counts is the containers. */
function hasContainers(pod: Json, instances: readonly { readonly containers: readonly string[] }[]): boolean {
  const names = new Set(
    ['containers', 'initContainers'].flatMap((list) =>
      listAt(pod, 'spec', list).map((container) => textAt(container, 'name')),
    ),
  );
  return instances.every(({ containers }) => containers.every((name) => names.has(name)));
}

/** Whether a pod has still something to do: others need nothing any more. */
export function isAlive(pod: Json): boolean {
  const phase = textAt(pod, 'status', 'phase');
  const isGoing = memberAt(pod, 'metadata', 'deletionTimestamp') !== undefined;
  return phase !== 'Succeeded' && phase !== 'Failed' && !isGoing;
}
