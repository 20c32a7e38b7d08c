/** The way back: what the record says was put in is taken out, and nothing else. */
import * as v from 'valibot';
import { type Json, type JsonMap, member, memberAt, textAt } from '../../kubernetes/json.ts';
import { RECORD } from '../annotations.ts';
import { quoted } from '../text.ts';
import { isRefusal, type Refusal } from './decision.ts';
import { applyPatch, type PatchOperation, pointer } from './json-patch.ts';
import { type PodContainer, type PodView, viewPod } from './pod-view.ts';
import { recordOf } from './status.ts';

const names = v.optional(v.array(v.string()), []);
const RECORD_SHAPE = v.object({
  version: v.string(),
  instances: v.record(
    v.string(),
    v.object({
      profile: v.string(),
      hash: v.string(),
      containers: names,
      volumes: names,
      mounts: names,
      env: names,
      labels: names,
      annotations: names,
    }),
  ),
  kept: names,
});

export type InjectionRecord = v.InferOutput<typeof RECORD_SHAPE>;

/** Reads the record of a pod; undefined when it is no record. */
function parseRecord(text: string): InjectionRecord | undefined {
  try {
    const parsed = v.safeParse(RECORD_SHAPE, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

export interface Uninjected {
  readonly patch: readonly PatchOperation[];
  readonly pod: Json;
}

/** A pod without what was put in; undefined when nothing was; a refusal for a pod or a record that cannot be read. */
export function uninject(pod: Json): Uninjected | Refusal | undefined {
  if (memberAt(pod, 'metadata', 'annotations', RECORD) === undefined) {
    return undefined;
  }
  const view = viewPod(pod, { mayBeEmpty: true });
  if (isRefusal(view)) {
    return view;
  }
  const text = recordOf(view) ?? '';
  const record = parseRecord(text);
  if (record === undefined) {
    return { reason: 'bad-value', message: `${RECORD}: ${quoted(text)} is no record of an injection` };
  }
  const injected = new Set(Object.values(record.instances).flatMap(({ containers }) => containers));
  if (view.containers.length > 0 && view.containers.every(({ name }) => injected.has(name))) {
    // Nobody injects into a pod of nothing: whoever wrote this means the application.
    return { reason: 'bad-value', message: `${RECORD}: names every container, and nothing would be left` };
  }
  const patch = removals(view, record);
  return { patch, pod: applyPatch(pod, patch) };
}

function removals(view: PodView, record: InjectionRecord): PatchOperation[] {
  const instances = Object.values(record.instances);
  const all = (key: 'containers' | 'volumes' | 'mounts' | 'env' | 'labels' | 'annotations') =>
    new Set(instances.flatMap((instance) => instance[key]));
  const kept = new Set(record.kept);
  const containers = all('containers');
  const own = (list: readonly PodContainer[]) => list.filter(({ name }) => !containers.has(name));
  const inContainer = { volumes: all('volumes'), mounts: all('mounts'), env: all('env'), kept };
  return [
    ...[...own(view.containers), ...own(view.initContainers)].flatMap((container) =>
      fromContainer(container, inContainer),
    ),
    ...fromList(view.spec, '/spec', 'initContainers', 'spec', kept, (item) => containers.has(nameOf(item))),
    ...fromList(view.spec, '/spec', 'containers', 'spec', kept, (item) => containers.has(nameOf(item))),
    ...fromList(view.spec, '/spec', 'volumes', 'spec', kept, (item) => inContainer.volumes.has(nameOf(item))),
    ...fromTexts(view, 'labels', all('labels'), kept),
    ...fromTexts(view, 'annotations', new Set([...all('annotations'), RECORD]), kept),
    ...formerResources(view, record.kept),
  ];
}

const nameOf = (item: Json) => textAt(item, 'name') ?? '';

/** Removals from a list, from its end; the whole list when nothing stays and none was there before. */
function fromList(
  parent: JsonMap,
  path: string,
  key: string,
  place: string,
  kept: ReadonlySet<string>,
  goes: (item: Json) => boolean,
): PatchOperation[] {
  const list = member(parent, key);
  if (!Array.isArray(list)) {
    return [];
  }
  const items: readonly Json[] = list;
  const positions = items.flatMap((item, at) => (goes(item) ? [at] : []));
  if (positions.length === 0) {
    return [];
  }
  if (positions.length === items.length) {
    return emptied(`${path}/${key}`, `${place}.${key}`, kept, []);
  }
  return positions.toReversed().map((at) => ({ op: 'remove', path: `${path}/${key}/${at}` }));
}

function emptied(path: string, place: string, kept: ReadonlySet<string>, empty: Json): PatchOperation[] {
  if (kept.has(`${place}=null`)) {
    return [{ op: 'replace', path, value: null }];
  }
  return [kept.has(place) ? { op: 'replace', path, value: empty } : { op: 'remove', path }];
}

function fromContainer(
  { list, at, name, json }: PodContainer,
  gone: Readonly<Record<'volumes' | 'mounts' | 'env' | 'kept', ReadonlySet<string>>>,
): PatchOperation[] {
  const path = `/spec/${list}/${at}`;
  const isOurs = (mount: Json) =>
    gone.volumes.has(nameOf(mount)) || gone.mounts.has(`${name}:${textAt(mount, 'mountPath')}`);
  return [
    ...fromList(json, path, 'volumeMounts', name, gone.kept, isOurs),
    ...fromList(json, path, 'env', name, gone.kept, (item) => gone.env.has(`${name}/${nameOf(item)}`)),
  ];
}

function fromTexts(
  view: PodView,
  key: 'labels' | 'annotations',
  gone: ReadonlySet<string>,
  kept: ReadonlySet<string>,
): PatchOperation[] {
  const present = Object.keys(view[key]);
  const going = present.filter((name) => gone.has(name));
  if (going.length === 0) {
    return [];
  }
  if (going.length === present.length) {
    return emptied(`/metadata/${key}`, `metadata.${key}`, kept, {});
  }
  return going.map((name) => ({ op: 'remove', path: pointer('metadata', key, name) }));
}

/** `requests.cpu=500m` in the record: what the pod said before it was raised. */
function formerResources(view: PodView, kept: readonly string[]): PatchOperation[] {
  return kept.flatMap((text) => {
    const match = /^(requests|limits)\.(cpu|memory)=([0-9.]+[A-Za-z]{0,2})$/.exec(text);
    const [, kind = '', resource = '', value = ''] = match ?? [];
    const exists = match !== null && memberAt(view.spec, 'resources', kind, resource) !== undefined;
    return exists ? [{ op: 'replace', path: `/spec/resources/${kind}/${resource}`, value } as const] : [];
  });
}
