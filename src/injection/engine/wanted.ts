/** One instance -> everything that the pod should have because of it. */
import { createHash } from 'node:crypto';
import { type Json, type JsonMap, member, memberAt, textAt } from '../../kubernetes/json.ts';
import { allHold } from '../profiles/condition.ts';
import type { Phase, Profile } from '../profiles/profile.ts';
import { type Conditional, fill, fillText, type Template } from '../profiles/template.ts';
import type { InjectionSettings, Refusal } from './decision.ts';
import type { Instance } from './instances.ts';
import { endsByItself, type PodContainer, type PodView } from './pod-view.ts';

/** Grows when the same profile gives another pod than before. */
const ENGINE_FORMAT = 1;

/** An empty volume over the place where a service account's token would be mounted. */
export const NO_TOKEN_NAME = 'pillion-no-token';
export const NO_TOKEN: JsonMap = { name: NO_TOKEN_NAME, emptyDir: { sizeLimit: '1Mi' } };
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
export const NO_TOKEN_MOUNT: JsonMap = { name: NO_TOKEN_NAME, mountPath: TOKEN_PATH, readOnly: true };

export interface WantedContainer {
  readonly list: 'containers' | 'initContainers';
  readonly phase: Phase;
  readonly name: string;
  readonly json: JsonMap;
}

/** A part with the parameters that it was made of, for messages. */
export interface WantedPart {
  readonly name: string;
  readonly json: JsonMap;
}

export interface Wanted {
  readonly instance: Instance;
  readonly hash: string;
  readonly containers: readonly WantedContainer[];
  readonly volumes: readonly WantedPart[];
  readonly mounts: readonly WantedPart[];
  readonly env: readonly WantedPart[];
  readonly labels: readonly (readonly [string, string])[];
  readonly annotations: readonly (readonly [string, string])[];
}

const hashes = new WeakMap<Profile, Map<string, string>>();

/** A hash of what a profile puts into pods, apart from the values that stand on the pod itself. */
export function profileHash(profile: Profile, image: string): string {
  const known = hashes.get(profile) ?? new Map<string, string>();
  hashes.set(profile, known);
  let hash = known.get(image);
  if (hash === undefined) {
    const text = JSON.stringify([ENGINE_FORMAT, profile.source, image]);
    hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
    known.set(image, hash);
  }
  return hash;
}

/** Everything that an instance stands for in this pod, or why it cannot be had on this cluster. */
export function wantedOf(instance: Instance, view: PodView, settings: InjectionSettings): Wanted | Refusal {
  const { profile, values } = instance;
  const containers = containersOf(instance, view, settings);
  if ('reason' in containers) {
    return containers;
  }
  const parts = (list: readonly Conditional<Template>[]): WantedPart[] =>
    list.filter(({ when }) => allHold(when, values)).map(({ value }) => part(fill(value, values)));
  const texts = (list: Profile['labels']) =>
    list
      .filter(({ when }) => allHold(when, values))
      .map(({ key, value }) => [key, fillText(value, values)] as const);
  const hidesToken = containers.some(({ json }) => mountsNoToken(json));
  return {
    instance,
    hash: profileHash(profile, settings.image),
    containers,
    volumes: [...parts(profile.volumes), ...(hidesToken ? [part(NO_TOKEN)] : [])],
    mounts: parts(profile.mounts),
    env: parts(profile.env),
    labels: texts(profile.labels),
    annotations: texts(profile.annotations),
  };
}

function part(json: Json): WantedPart {
  return { name: textAt(json, 'name') ?? '', json: json as JsonMap };
}

function mountsNoToken(container: JsonMap): boolean {
  const mounts = member(container, 'volumeMounts');
  return Array.isArray(mounts) && mounts.includes(NO_TOKEN_MOUNT);
}

function containersOf(
  { name, profile, values }: Instance,
  view: PodView,
  { nativeSidecars }: InjectionSettings,
): readonly WantedContainer[] | Refusal {
  const { container, role, phase, once } = profile;
  if (container === undefined) {
    return [];
  }
  const filled = fill(container, values) as JsonMap;
  const base = profile.apiToken || !mayHaveToken(view) ? filled : withoutToken(filled);
  const at = (list: PodContainer['list'], json: JsonMap): WantedContainer => {
    return { list, phase, name: textAt(json, 'name') ?? '', json };
  };
  if (role === 'init') {
    return [at('initContainers', base)];
  }
  if (nativeSidecars) {
    const { name: containerName, image, ...rest } = base;
    const sidecar = { name: containerName, image, restartPolicy: 'Always', ...rest } as JsonMap;
    return [at('initContainers', sidecar)];
  }
  if (endsByItself(view)) {
    return once === undefined ? needsNative(name) : [at('initContainers', runOnce(base, profile, values))];
  }
  const sidecar = at('containers', base);
  return once === undefined ? [sidecar] : [at('initContainers', runOnce(base, profile, values)), sidecar];
}

function needsNative(name: string): Refusal {
  return {
    reason: 'needs-native-sidecars',
    message: `${name} would keep this pod from ending: it needs Kubernetes 1.29 or newer on every node`,
  };
}

/** What an init container may not have, and what only a container that stays has use for. */
const ONLY_FOR_SIDECARS = new Set(['startupProbe', 'livenessProbe', 'readinessProbe', 'lifecycle', 'ports']);

function runOnce(base: JsonMap, { once }: Profile, values: Instance['values']): JsonMap {
  const kept = Object.entries(base).filter(([key]) => !ONLY_FOR_SIDECARS.has(key));
  return {
    ...Object.fromEntries(kept),
    name: `${textAt(base, 'name')}-init`,
    ...(once?.command && { command: fill(once.command, values) }),
    ...(once?.args && { args: fill(once.args, values) }),
  };
}

function mayHaveToken({ spec }: PodView): boolean {
  return memberAt(spec, 'automountServiceAccountToken') !== false;
}

function withoutToken(container: JsonMap): JsonMap {
  const mounts = member(container, 'volumeMounts');
  return {
    ...container,
    volumeMounts: [...(Array.isArray(mounts) ? (mounts as Json[]) : []), NO_TOKEN_MOUNT],
  };
}
