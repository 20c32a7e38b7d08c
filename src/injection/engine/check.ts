/** A patch is applied to a copy before anybody sees it: one that does not apply makes the API server refuse the pod. */
import { type Json, listAt, sameJson, textAt } from '../../kubernetes/json.ts';
import { applyPatch, type PatchOperation } from './json-patch.ts';
import type { Step } from './patch.ts';
import type { PodView } from './pod-view.ts';

/** The pod as it will be. Throws when the patch does not apply, or when something that was wanted is not in it. */
export function checkedResult(
  view: PodView,
  operations: readonly PatchOperation[],
  steps: readonly Step[],
): Json {
  const pod = applyPatch(view.pod, operations);
  const volumes = byName(listAt(pod, 'spec', 'volumes'));
  const containers = {
    containers: byName(listAt(pod, 'spec', 'containers')),
    initContainers: byName(listAt(pod, 'spec', 'initContainers')),
  };
  for (const { wanted, status } of steps) {
    const missing =
      wanted.volumes.find(({ name }) => !volumes.has(name)) ??
      wanted.containers.find(({ name, list }) => !containers[list].has(name));
    if (missing !== undefined) {
      throw new Error(`${missing.name} is not in the patched pod`);
    }
    const differs = wanted.containers.find(
      ({ name, list, json }) => !sameJson(containers[list].get(name), json),
    );
    if (status === 'new' && differs !== undefined) {
      throw new Error(`${differs.name} is not as it was meant in the patched pod`);
    }
  }
  return pod;
}

function byName(items: readonly Json[]): Map<string | undefined, Json> {
  return new Map(items.map((item) => [textAt(item, 'name'), item]));
}
