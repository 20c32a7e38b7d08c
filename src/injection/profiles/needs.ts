/** Which version of Kubernetes a profile needs, by the newest field that it uses. */
import { OBJECTS } from '../../kubernetes/pod-schema.ts';
import { atLeast, formatVersion, type KubernetesVersion } from '../../kubernetes/version.ts';
import type { Profile } from './profile.ts';
import type { Template } from './template.ts';

export interface Need {
  /** Minor version of Kubernetes 1. */
  readonly minor: number;
  readonly field: string;
}

function needsOf(template: Template): Need[] {
  if (template.kind === 'leaf') {
    return [];
  }
  if (template.kind === 'list') {
    return template.items.flatMap((item) => needsOf(item.value));
  }
  const known = template.schema === undefined ? {} : (OBJECTS[template.schema] ?? {});
  return template.fields.flatMap(({ key, value }) => {
    const since = known[key]?.since;
    return [...(since === undefined ? [] : [{ minor: since, field: key }]), ...needsOf(value)];
  });
}

const cache = new WeakMap<Profile, Need | undefined>();

/** The newest need of a profile; undefined when every server keeps what it has. */
function newestNeed(profile: Profile): Need | undefined {
  if (!cache.has(profile)) {
    const parts = [...profile.volumes, ...profile.mounts, ...profile.env].map((part) => part.value);
    const all = [...parts, ...(profile.container === undefined ? [] : [profile.container])].flatMap(needsOf);
    cache.set(profile, all.toSorted((a, b) => b.minor - a.minor)[0]);
  }
  return cache.get(profile);
}

/** The newest need of a profile, where the cluster does not meet it. */
export function unmetNeed(profile: Profile, target: KubernetesVersion): Need | undefined {
  const need = newestNeed(profile);
  return need === undefined || atLeast(target, need.minor) ? undefined : need;
}

/** Follows the name of the instance; a policy says the same. */
export function needWords({ field, minor }: Need, target: KubernetesVersion): string {
  return `: ${field} needs Kubernetes 1.${minor}; this cluster has ${formatVersion(target)}`;
}
