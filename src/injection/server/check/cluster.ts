/** Findings about the cluster and the injector's own objects. Pure. */
import { type Json, listAt, memberAt, textAt } from '../../../kubernetes/json.ts';
import {
  atLeast,
  formatVersion,
  type KubernetesVersion,
  NATIVE_SIDECARS,
  parseVersion,
} from '../../../kubernetes/version.ts';
import { type Finding, someOf } from './finding.ts';
import type { Installed } from './installed.ts';

export function versionFindings(server: KubernetesVersion, { target }: Installed): Finding[] {
  const check = 'version';
  const has = `the API server has ${formatVersion(server)}`;
  if (isNewer(target, server)) {
    const message = `${has}, and the injector writes for ${formatVersion(target)}: newer fields are dropped without a word`;
    const hint = `install again with --kubernetes=${formatVersion(server)}`;
    return [{ check, level: 'failed', message, hint }];
  }
  return [{ check, level: 'ok', message: `${has}, the injector writes for ${formatVersion(target)}` }];
}

function isNewer(left: KubernetesVersion, right: KubernetesVersion): boolean {
  return left.major > right.major || (left.major === right.major && left.minor > right.minor);
}

/** An older kubelet takes a native sidecar for an init container that never ends: its pods hang. */
export function nodeFindings(nodes: readonly Json[], { target }: Installed): Finding[] {
  const check = 'nodes';
  const known = nodes.map((node) => {
    const text = textAt(node, 'status', 'nodeInfo', 'kubeletVersion') ?? '';
    return { name: textAt(node, 'metadata', 'name') ?? '', text, version: parseVersion(text) };
  });
  if (known.length === 0) {
    const hint =
      'there is none yet, or a virtual cluster hides them: a kubelet below 1.29 would hang on native sidecars';
    return [{ check, level: 'warning', message: 'the API server lists no node', hint }];
  }
  const unreadable = known.filter(({ version }) => version === undefined);
  const old = known.filter(
    ({ version }) =>
      version !== undefined && atLeast(target, NATIVE_SIDECARS) && !atLeast(version, NATIVE_SIDECARS),
  );
  const named = (some: typeof known) => someOf(some.map(({ name, text }) => `${name} (${text})`));
  if (old.length > 0) {
    const message = `native sidecars hang on kubelets below 1.${NATIVE_SIDECARS}: ${named(old)}`;
    const hint = `upgrade them, or install with --kubernetes=1.${NATIVE_SIDECARS - 1}`;
    return [{ check, level: 'failed', message, hint }];
  }
  if (unreadable.length > 0) {
    return [{ check, level: 'warning', message: `versions that cannot be read: ${named(unreadable)}` }];
  }
  const behind = known.filter(({ version }) => version !== undefined && isNewer(target, version));
  if (behind.length > 0) {
    const message = `kubelets older than ${formatVersion(target)}, for which the injector writes: ${named(behind)}`;
    const hint = 'what a profile of your own uses of newer fields does not work there; upgrade them';
    return [{ check, level: 'warning', message, hint }];
  }
  const least = known.map(({ text }) => text).toSorted()[0] ?? 'none';
  return [{ check, level: 'ok', message: `${nodes.length} nodes, ${least} and newer` }];
}

export interface OwnObjects {
  /** Undefined where there is none. */
  readonly deployment: Json | undefined;
  readonly service: Json | undefined;
  /** EndpointSlices of the Service. */
  readonly slices: readonly Json[];
  readonly namespace: string;
}

export function ownFindings({ deployment, service, slices, namespace }: OwnObjects): Finding[] {
  const check = 'replicas';
  const hint = `kubectl --namespace ${namespace} get pods, and describe what is not ready`;
  if (deployment === undefined) {
    const message = `there is no Deployment of the injector in ${namespace}`;
    return [{ check, level: 'failed', message, hint: 'name its namespace with --namespace' }];
  }
  if (service === undefined) {
    const message = `there is no Service of the injector in ${namespace}: no API server finds it`;
    return [
      { check, level: 'failed', message, hint: 'apply the output of `pillion injector manifest` again' },
    ];
  }
  const wanted = Number(memberAt(deployment, 'spec', 'replicas') ?? 1);
  const ready = readyEndpoints(slices);
  if (ready === 0) {
    return [{ check, level: 'failed', message: 'no replica is ready', hint }];
  }
  if (ready < wanted) {
    return [{ check, level: 'warning', message: `${ready} of ${wanted} replicas are ready`, hint }];
  }
  return [{ check, level: 'ok', message: `${ready} of ${wanted} replicas are ready behind the Service` }];
}

/** Addresses that the Service leads to. */
export function readyEndpoints(slices: readonly Json[]): number {
  const ready = slices
    .flatMap((slice) => listAt(slice, 'endpoints'))
    .filter((endpoint) => memberAt(endpoint, 'conditions', 'ready') !== false);
  return new Set(ready.flatMap((endpoint) => listAt(endpoint, 'addresses'))).size;
}
