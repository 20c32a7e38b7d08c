/** The patch, built directly: only additions, only in places that are ours. Nothing is compared, so its cost is linear. */
import { isMap, type Json, type JsonMap, member, textAt } from '../../kubernetes/json.ts';
import { RECORD } from '../annotations.ts';
import type { Phase } from '../profiles/profile.ts';
import { type Reach, samePath } from './clashes.ts';
import { type PatchOperation, pointer } from './json-patch.ts';
import type { PodContainer, PodView } from './pod-view.ts';
import { type Added, entry, existingEntry, existingKept, recordText } from './record.ts';
import { type InstanceStatus, recordOf } from './status.ts';
import { NO_TOKEN, type WantedContainer } from './wanted.ts';

export interface Step extends Reach {
  readonly status: InstanceStatus;
}

export interface BuiltPatch {
  readonly operations: readonly PatchOperation[];
  readonly record: string | undefined;
  readonly warnings: readonly string[];
}

/** Additions to a list: one operation with all of them where there is no list yet. */
function append(parent: unknown, path: string, key: string, items: readonly Json[]): PatchOperation[] {
  if (items.length === 0) {
    return [];
  }
  if (member(parent, key) === undefined) {
    return [{ op: 'add', path: `${path}/${key}`, value: items }];
  }
  return items.map((value) => ({ op: 'add', path: `${path}/${key}/-`, value }));
}

/** Additions to an object of texts; what is there stays. */
function addTexts(
  parent: unknown,
  key: string,
  existing: JsonMap,
  texts: ReadonlyMap<string, string>,
): PatchOperation[] {
  const missing = [...texts].filter(([name]) => member(existing, name) === undefined);
  if (missing.length === 0) {
    return [];
  }
  if (member(parent, key) === undefined) {
    return [{ op: 'add', path: `/metadata/${key}`, value: Object.fromEntries(missing) }];
  }
  return missing.map(([name, value]) => ({ op: 'add', path: pointer('metadata', key, name), value }));
}

/** Everything that is missing in the pod, in one patch; `version` and what was `raised` go into the record. */
export function buildPatch(
  view: PodView,
  steps: readonly Step[],
  version: string,
  raised: readonly string[],
): BuiltPatch {
  const warnings: string[] = [];
  const added = new Map(steps.map((step) => [step, whatIsAdded(step, view, warnings)]));
  const record = newRecord(view, steps, added, version, raised);
  const annotations = new Map(steps.flatMap(({ wanted }) => wanted.annotations));
  const labels = new Map(steps.flatMap(({ wanted }) => wanted.labels));
  const metadata = member(view.pod, 'metadata');
  const operations: PatchOperation[] = [
    ...(metadata === undefined ? [{ op: 'add', path: '/metadata', value: {} } as const] : []),
    ...addTexts(metadata, 'labels', view.labels, labels),
    ...addTexts(metadata, 'annotations', view.annotations, annotations),
    ...volumeOperations(view, steps),
    ...applicationOperations(steps),
    ...initOperations(view, steps),
    ...append(view.spec, '/spec', 'containers', missingContainers(view, steps, 'containers')),
  ];
  if (record !== undefined && record !== recordOf(view)) {
    const exists = member(metadata, 'annotations') !== undefined || operations.some(makesAnnotations);
    operations.push(
      exists
        ? { op: 'add', path: pointer('metadata', 'annotations', RECORD), value: record }
        : { op: 'add', path: '/metadata/annotations', value: { [RECORD]: record } },
    );
  }
  return { operations, record, warnings };
}

const makesAnnotations = ({ path }: PatchOperation) => path === '/metadata/annotations';

function volumeOperations(view: PodView, steps: readonly Step[]): PatchOperation[] {
  const names = new Set(view.volumes.map((volume) => textAt(volume, 'name')));
  const missing = steps
    .flatMap(({ wanted }) => wanted.volumes)
    .filter(({ name }) => !names.has(name))
    .map(({ json }) => json);
  // One such volume serves all instances.
  const own = missing.filter((json) => json !== NO_TOKEN);
  const shared = own.length < missing.length ? [NO_TOKEN] : [];
  return append(view.spec, '/spec', 'volumes', [...own, ...shared]);
}

interface Additions {
  readonly container: PodContainer;
  readonly mounts: JsonMap[];
  readonly env: JsonMap[];
}

/** Mounts and variables of the application's containers, at the positions they have before anything is inserted. */
function applicationOperations(steps: readonly Step[]): PatchOperation[] {
  const additions = new Map<PodContainer, Additions>();
  for (const { wanted, targets } of steps) {
    for (const container of targets) {
      const here = additions.get(container) ?? { container, mounts: [], env: [] };
      additions.set(container, here);
      here.mounts.push(
        ...missingMounts(
          here,
          wanted.mounts.map(({ json }) => json),
        ),
      );
      here.env.push(
        ...missingEnv(
          here,
          wanted.env.map(({ json }) => json),
        ),
      );
    }
  }
  return [...additions.values()].flatMap(({ container, mounts, env }) => {
    const path = `/spec/${container.list}/${container.at}`;
    return [
      ...append(container.json, path, 'volumeMounts', mounts),
      ...append(container.json, path, 'env', env),
    ];
  });
}

function missingMounts({ container, mounts }: Additions, wanted: readonly JsonMap[]): JsonMap[] {
  if (wanted.length === 0) {
    return [];
  }
  const here = [...container.mounts, ...mounts];
  const path = (mount: JsonMap) => textAt(mount, 'mountPath') ?? '';
  return wanted.filter((mount) => !here.some((other) => samePath(path(other), path(mount))));
}

function missingEnv({ container, env }: Additions, wanted: readonly JsonMap[]): JsonMap[] {
  if (wanted.length === 0) {
    return [];
  }
  const here = new Set([...container.env, ...env].map((variable) => textAt(variable, 'name')));
  return wanted.filter((variable) => !here.has(textAt(variable, 'name')));
}

function missingContainers(
  { initContainers, containers }: PodView,
  steps: readonly Step[],
  list: WantedContainer['list'],
  phase?: Phase,
): JsonMap[] {
  const names = new Set([...initContainers, ...containers].map(({ name }) => name));
  return steps
    .flatMap(({ wanted }) => wanted.containers)
    .filter((each) => each.list === list && (phase === undefined || each.phase === phase))
    .filter(({ name }) => !names.has(name))
    .map(({ json }) => json);
}

/** How many sidecars lead the init containers: `before` is behind them, ahead of what the application starts with. */
function leadingSidecars({ initContainers }: PodView): number {
  const first = initContainers.findIndex(({ json }) => member(json, 'restartPolicy') !== 'Always');
  return first === -1 ? initContainers.length : first;
}

function initOperations(view: PodView, steps: readonly Step[]): PatchOperation[] {
  const of = (phase: Phase) => missingContainers(view, steps, 'initContainers', phase);
  const [first, before, after] = [of('first'), of('before'), of('after')];
  if (member(view.spec, 'initContainers') === undefined) {
    return append(view.spec, '/spec', 'initContainers', [...first, ...before, ...after]);
  }
  const insert = (items: readonly JsonMap[], from: number): PatchOperation[] =>
    items.map((value, at) => ({ op: 'add', path: `/spec/initContainers/${from + at}`, value }));
  return [
    ...insert(first, 0),
    ...insert(before, first.length + leadingSidecars(view)),
    ...append(view.spec, '/spec', 'initContainers', after),
  ];
}

/** What an instance adds to the application's parts; a value of the application's own wins, and is reported. */
function whatIsAdded({ wanted, targets, status }: Step, view: PodView, warnings: string[]): Added {
  const env: string[] = [];
  for (const target of targets) {
    for (const { name, json } of wanted.env) {
      const existing = target.env.find((variable) => textAt(variable, 'name') === name);
      if (existing === undefined) {
        env.push(`${target.name}/${name}`);
      } else if (status === 'new' && textAt(existing, 'value') !== textAt(json, 'value')) {
        warnings.push(`${wanted.instance.name}: the container ${target.name} keeps its own ${name}`);
      }
    }
  }
  const own = new Set(wanted.volumes.map(({ name }) => name));
  const mounts = targets.flatMap((target) =>
    missingMounts(
      { container: target, mounts: [], env: [] },
      wanted.mounts.filter(({ name }) => !own.has(name)).map(({ json }) => json),
    ).map((mount) => `${target.name}:${textAt(mount, 'mountPath')}`),
  );
  const texts = (existing: JsonMap, wantedTexts: Step['wanted']['labels'], what: string) =>
    wantedTexts.flatMap(([key, value]) => {
      const there = member(existing, key);
      if (there !== undefined && there !== value && status === 'new') {
        warnings.push(`${wanted.instance.name}: the pod keeps its own ${what} ${key}`);
      }
      return there === undefined ? [key] : [];
    });
  return {
    mounts,
    env,
    labels: texts(view.labels, wanted.labels, 'label'),
    annotations: texts(view.annotations, wanted.annotations, 'annotation'),
  };
}

/** The record stays as it is while every instance is in it; an instance's entry stays from when it was put in. */
function newRecord(
  view: PodView,
  steps: readonly Step[],
  added: ReadonlyMap<Step, Added>,
  version: string,
  raised: readonly string[],
): string | undefined {
  const old = recordOf(view);
  if (old !== undefined && steps.every(({ status }) => status === 'recorded')) {
    return undefined;
  }
  const entries = steps.map((step) => {
    const existing =
      step.status === 'recorded' ? existingEntry(old ?? '', step.wanted.instance.name) : undefined;
    const fresh = added.get(step) ?? { mounts: [], env: [], labels: [], annotations: [] };
    return existing ?? entry(step.wanted, fresh);
  });
  const kept = old === undefined ? keptOf(view) : existingKept(old);
  return recordText(version, entries, [kept ?? '', ...raised].filter((text) => text !== '').join(','));
}

/** Lists that are there and empty: taken out again, the pod has them again. The API server never shows such a list. */
function keptOf({ spec, pod, containers, initContainers }: PodView): string {
  const metadata = member(pod, 'metadata');
  return [
    ...emptyAt(spec, 'volumes', 'spec'),
    ...emptyAt(spec, 'initContainers', 'spec'),
    ...emptyAt(metadata, 'labels', 'metadata'),
    ...emptyAt(metadata, 'annotations', 'metadata'),
    ...[...containers, ...initContainers].flatMap(({ json, name }) => [
      ...emptyAt(json, 'volumeMounts', name),
      ...emptyAt(json, 'env', name),
    ]),
  ].join(',');
}

/** `"spec.volumes"` for an empty list or object, `"spec.volumes=null"` for null. */
function emptyAt(parent: unknown, key: string, path: string): string[] {
  if (!isMap(parent) || !Object.hasOwn(parent, key)) {
    return [];
  }
  const value = parent[key] ?? null;
  if (value === null) {
    return [`"${path}.${key}=null"`];
  }
  return typeof value === 'object' && Object.keys(value).length === 0 ? [`"${path}.${key}"`] : [];
}
