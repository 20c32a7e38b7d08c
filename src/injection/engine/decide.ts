/** pod + request + profiles -> decision and patch. Pure: no clock, no network, no logs. */
import type { Json } from '../../kubernetes/json.ts';
import { ASK, PREFIX } from '../annotations.ts';
import { needWords, unmetNeed } from '../profiles/needs.ts';
import { sentence } from '../text.ts';
import { checkedResult } from './check.ts';
import { mountClash, portClash, unknownVolume } from './clashes.ts';
import {
  type Decision,
  type InjectionRequest,
  type InjectionSettings,
  isRefusal,
  type Reason,
  type Refusal,
} from './decision.ts';
import { imageNotAllowed } from './images.ts';
import { type Instance, readInstances } from './instances.ts';
import { PatchError, type PatchOperation } from './json-patch.ts';
import { buildPatch, type Step } from './patch.ts';
import { fitPodResources } from './pod-resources.ts';
import { type PodView, viewPod } from './pod-view.ts';
import { askOf, otherRequest, skipReason } from './skip.ts';
import { statusOf } from './status.ts';
import { applicationContainers, targetsOf } from './targets.ts';
import { type Wanted, wantedOf } from './wanted.ts';

/** Warnings that fit into an answer: a client sees at most 4096 characters, each short. */
const LONGEST_WARNING = 120;

/**
 * What becomes of a pod. Never throws for what is in the pod or its annotations.
 * @param version is written into the record
 */
export function decide(request: InjectionRequest, settings: InjectionSettings, version: string): Decision {
  const other = otherRequest(request);
  if (other !== undefined) {
    return unchanged(request.pod, other.reason, other.message, []);
  }
  const view = viewPod(request.pod);
  if (isRefusal(view)) {
    return refused(request.pod, view);
  }
  const askIsNoText = noText(view, (key) => key === ASK);
  if (askIsNoText !== undefined) {
    return refused(request.pod, askIsNoText);
  }
  const skip = skipReason(view, request, settings);
  if (skip !== undefined) {
    const asked = !['not-asked', 'opted-out'].includes(skip.reason);
    return unchanged(request.pod, skip.reason, skip.message, asked ? [skip.message] : []);
  }
  const ask = askOf(view, request.namespaceDefault) ?? '';
  const instances =
    noText(view, (key) => key.startsWith(PREFIX)) ??
    readInstances(ask, view.annotations, request.namespace, settings);
  if (isRefusal(instances)) {
    return refused(request.pod, instances);
  }
  const steps = stepsOf(instances, view, settings);
  return isRefusal(steps) ? refused(request.pod, steps) : patched(view, steps, version);
}

/** In a manifest an annotation may be anything; the API server takes texts alone, and makes an empty one of null. */
function noText({ annotations }: PodView, isMeant: (key: string) => boolean): Refusal | undefined {
  const wrong = Object.entries(annotations).find(
    ([key, value]) => isMeant(key) && typeof value !== 'string' && !(value === null && key === ASK),
  );
  if (wrong === undefined) {
    return undefined;
  }
  const [key, value] = wrong;
  const shown = typeof value === 'object' ? (value === null ? 'null' : 'a list or an object') : String(value);
  return { reason: 'bad-value', message: `${key}: ${shown} is no text: write it in quotes` };
}

function stepsOf(
  instances: readonly Instance[],
  view: PodView,
  settings: InjectionSettings,
): readonly Step[] | Refusal {
  const wanted: Wanted[] = [];
  for (const instance of instances) {
    const each = tooNew(instance, settings) ?? wantedOf(instance, view, settings);
    if (isRefusal(each)) {
      return each;
    }
    wanted.push(each);
  }
  const image = imageNotAllowed(wanted, settings);
  if (image !== undefined) {
    return image;
  }
  const application = applicationContainers(view, wanted);
  const steps: Step[] = [];
  for (const each of wanted) {
    const targets = targetsOf(each, application);
    const status = statusOf(each, view);
    if (isRefusal(targets)) {
      return targets;
    }
    if (typeof status !== 'string') {
      return status;
    }
    steps.push({ wanted: each, targets, status });
  }
  const fresh = steps.filter(({ status }) => status === 'new');
  return (
    twins(wanted) ??
    mountClash(fresh) ??
    portClash(
      wanted,
      fresh.map((step) => step.wanted),
      view,
    ) ??
    unknownVolume(wanted, view) ??
    mixed(steps) ??
    steps
  );
}

function tooNew({ name, profile }: Instance, { target }: InjectionSettings): Refusal | undefined {
  const need = unmetNeed(profile, target);
  return need && { reason: 'needs-newer-kubernetes', message: `${name}${needWords(need, target)}` };
}

/** Two instances whose names make the same container or volume: `a` with a volume `-b`, and `a-b`. */
function twins(wanted: readonly Wanted[]): Refusal | undefined {
  const owners = new Map<string, string>();
  for (const { instance, containers, volumes } of wanted) {
    const own = [
      ...containers.map(({ name }) => `container ${name}`),
      ...volumes.filter(({ name }) => name !== 'pillion-no-token').map(({ name }) => `volume ${name}`),
    ];
    for (const name of own) {
      const other = owners.get(name);
      if (other !== undefined) {
        return {
          reason: 'name-clash',
          message: `${instance.name} and ${other} both make the ${name}; rename one`,
        };
      }
      owners.set(name, instance.name);
    }
  }
  return undefined;
}

/** Old and new side by side could not be taken out again, nor told apart. */
function mixed(steps: readonly Step[]): Refusal | undefined {
  const stale = steps.find(({ status }) => status === 'stale');
  const fresh = steps.find(({ status }) => status === 'new');
  return stale && fresh
    ? {
        reason: 'mixed-versions',
        message: `${stale.wanted.instance.name} was put in by another version of its profile: inject again without it`,
      }
    : undefined;
}

function patched(view: PodView, steps: readonly Step[], version: string): Decision {
  const instances = steps.map(({ wanted }) => ({
    instance: wanted.instance.name,
    profile: wanted.instance.profile.name,
    hash: wanted.hash,
    containers: wanted.containers.map(({ name }) => name),
    volumes: wanted.volumes.map(({ name }) => name),
  }));
  if (steps.some(({ status }) => status === 'stale')) {
    const message =
      'another version of the profile was put in: it stays until the pod is made again without it';
    return { ...unchanged(view.pod, 'injected-by-another-version', message, [message]), instances };
  }
  const names = new Set([...view.initContainers, ...view.containers].map(({ name }) => name));
  const added = steps.flatMap(({ wanted }) => wanted.containers).filter(({ name }) => !names.has(name));
  const resources = fitPodResources(view, added);
  if (isRefusal(resources)) {
    return refused(view.pod, resources);
  }
  const built = buildPatch(view, steps, version, resources.kept);
  const patch: readonly PatchOperation[] = [...resources.operations, ...built.operations];
  const warnings = [...built.warnings, ...resources.warnings];
  if (patch.length === 0) {
    return { ...unchanged(view.pod, 'already-injected', 'everything is in place', warnings), instances };
  }
  try {
    const pod = checkedResult(view, patch, steps);
    const isNew = steps.some(({ status }) => status === 'new');
    const message = `${isNew ? 'put in' : 'put back'}: ${instances.map(({ instance }) => instance).join(', ')}`;
    const reason: Reason = isNew ? 'injected' : 'repaired';
    return { outcome: 'changed', reason, message, warnings: clean(warnings), patch, pod, instances };
  } catch (error) {
    const why = error instanceof PatchError || error instanceof Error ? error.message : 'unknown';
    return refused(view.pod, {
      reason: 'internal',
      message: `the patch was found wrong before it was sent: ${why}`,
    });
  }
}

function clean(warnings: readonly string[]): string[] {
  return [...new Set(warnings.map((warning) => sentence(warning, LONGEST_WARNING)))].slice(0, 20);
}

function unchanged(pod: Json, reason: Reason, message: string, warnings: readonly string[]): Decision {
  return { outcome: 'unchanged', reason, message, warnings: clean(warnings), patch: [], pod, instances: [] };
}

function refused(pod: Json, { reason, message }: Refusal): Decision {
  return {
    outcome: 'refused',
    reason,
    message: sentence(message),
    warnings: [],
    patch: [],
    pod,
    instances: [],
  };
}
