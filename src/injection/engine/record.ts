/**
 * The annotation that records what was put into a pod. Its text has one form, so that a policy, which cannot read JSON,
 * can look into it as this program does: by what stands between two texts. Anybody can write it, so that it proves
 * nothing about what is in the pod; it only tells ours from others' of the same name.
 */
import type { Wanted } from './wanted.ts';

/** What an instance added to the application's own parts, to be taken out again. */
export interface Added {
  /** `container:/path` for each mount of a volume that is the pod's own. */
  readonly mounts: readonly string[];
  /** `container/NAME` for each variable. */
  readonly env: readonly string[];
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

const list = (texts: readonly string[]) => `[${texts.map((text) => `"${text}"`).join(',')}]`;

/** Where an instance's entry begins, with profile and hash: whether the record has this text decides who put it in. */
export function entryHead({ instance, hash }: Wanted): string {
  return `"${instance.name}":{"profile":"${instance.profile.name}","hash":"${hash}"`;
}

/** The entry of an instance. Names are checked before; nothing in it needs an escape, and it has no brace inside. */
export function entry(wanted: Wanted, added: Added): string {
  const containers = wanted.containers.map(({ name }) => name);
  const volumes = wanted.volumes.map(({ name }) => name);
  const optional = Object.entries(added)
    .filter(([, names]) => names.length > 0)
    .map(([key, names]) => `,"${key}":${list(names)}`);
  return `${entryHead(wanted)},"containers":${list(containers)},"volumes":${list(volumes)}${optional.join('')}}`;
}

/** The entry of an instance in a record, as it stands there; undefined when there is none. */
export function existingEntry(record: string, instance: string): string | undefined {
  const head = `"${instance}":{`;
  const rest = record.split(head)[1];
  return rest === undefined ? undefined : `${head}${rest.split('}')[0]}}`;
}

/** What of the pod was there in another form before: `spec.volumes` (an empty list), `requests.cpu=500m`. */
export function existingKept(record: string): string | undefined {
  return record.split('"kept":[')[1]?.split(']')[0];
}

/** The whole record. */
export function recordText(version: string, entries: readonly string[], kept: string): string {
  const tail = kept === '' ? '' : `,"kept":[${kept}]`;
  return `{"version":"${version}","instances":{${entries.join(',')}}${tail}}`;
}
