/** Which version of Kubernetes a profile needs, by the newest field that it uses. */
import { OBJECTS } from '../../kubernetes/pod-schema.ts';
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
export function newestNeed(profile: Profile): Need | undefined {
  if (!cache.has(profile)) {
    const parts = [...profile.volumes, ...profile.mounts, ...profile.env].map((part) => part.value);
    const all = [...parts, ...(profile.container === undefined ? [] : [profile.container])].flatMap(needsOf);
    cache.set(profile, all.toSorted((a, b) => b.minor - a.minor)[0]);
  }
  return cache.get(profile);
}
