/** Two things that want the same place in the pod: each is reported with both sides, and with what to set. */
import { type Json, type JsonMap, listAt, member, textAt } from '../../kubernetes/json.ts';
import { parameterKey } from '../annotations.ts';
import { leafParameters } from '../profiles/leaf.ts';
import type { Profile } from '../profiles/profile.ts';
import { field, type Template } from '../profiles/template.ts';
import type { Refusal } from './decision.ts';
import type { Instance } from './instances.ts';
import type { PodContainer, PodView } from './pod-view.ts';
import type { Wanted, WantedPart } from './wanted.ts';

/** A new instance with the containers that it reaches. */
export interface Reach {
  readonly wanted: Wanted;
  readonly targets: readonly PodContainer[];
}

/** `/data/` and `/data` are the same directory. */
export function samePath(left: string, right: string): boolean {
  const plain = (path: string) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
  return plain(left) === plain(right);
}

/** The parameter that decides a leaf; undefined where the profile fixes it. */
function decisive(profile: Profile, leaves: readonly (Template | undefined)[]): string | undefined {
  const names = leaves.flatMap((leaf) => (leaf?.kind === 'leaf' ? leafParameters(leaf.parts) : []));
  return names.find((name) => profile.parameters.has(name));
}

/** The parameter that decides where a profile's mounts go. */
export function mountParameter(profile: Profile): string | undefined {
  return decisive(
    profile,
    profile.mounts.map(({ value }) => field(value, 'mountPath')),
  );
}

/** The parameter that decides which port a profile's container takes. */
export function portParameter(profile: Profile): string | undefined {
  const ports = field(profile.container, 'ports');
  const leaves = ports?.kind === 'list' ? ports.items.map(({ value }) => field(value, 'containerPort')) : [];
  return decisive(profile, leaves);
}

function advice(instance: Instance, parameter: string | undefined): string {
  return parameter === undefined ? '' : `; set ${parameterKey(instance.name, parameter)}`;
}

/** A mount of `reaches` in a place that is taken, by the application or by an instance before it. */
export function mountClash(reaches: readonly Reach[]): Refusal | undefined {
  const taken = new Map<string, { path: string; by: string }[]>();
  for (const { wanted, targets } of reaches) {
    for (const target of targets) {
      const place = `${target.list}/${target.at}`;
      const here = taken.get(place) ?? mountsOf(target);
      taken.set(place, here);
      for (const mount of wanted.mounts) {
        const path = textAt(mount.json, 'mountPath') ?? '';
        const clash = here.find((other) => samePath(other.path, path) && other.by !== mount.name);
        if (clash !== undefined) {
          const tip = advice(wanted.instance, mountParameter(wanted.instance.profile));
          const where = `${wanted.instance.name}: ${path} of the container ${target.name}`;
          return { reason: 'mount-clash', message: `${where} is taken by the volume ${clash.by}${tip}` };
        }
        here.push({ path, by: mount.name });
      }
    }
  }
  return undefined;
}

function mountsOf({ mounts }: PodContainer): { path: string; by: string }[] {
  return mounts.map((mount) => ({
    path: textAt(mount, 'mountPath') ?? '',
    by: textAt(mount, 'name') ?? '',
  }));
}

interface Port {
  readonly number: number;
  /** The same number of another protocol is another port. */
  readonly key: string;
}

function portsOf(container: JsonMap): Port[] {
  return listAt(container, 'ports').flatMap((port: Json) => {
    const number = member(port, 'containerPort');
    const protocol = textAt(port, 'protocol') ?? 'TCP';
    return typeof number === 'number' ? [{ number, key: `${number}/${protocol}` }] : [];
  });
}

/** A port that another container of the pod declares: all share one network. Of several that do, the first is named. */
export function portClash(
  all: readonly Wanted[],
  fresh: readonly Wanted[],
  view: PodView,
): Refusal | undefined {
  const ours = new Set(all.flatMap(({ containers }) => containers.map(({ name }) => name)));
  const others = [...view.initContainers, ...view.containers].filter(({ name }) => !ours.has(name));
  const settled = all.filter((wanted) => !fresh.includes(wanted)).flatMap(({ containers }) => containers);
  const taken = new Map<string, string>();
  for (const { name, json } of [...settled, ...others]) {
    for (const { key } of portsOf(json).filter((port) => !taken.has(port.key))) {
      taken.set(key, name);
    }
  }
  for (const { containers, instance } of fresh) {
    for (const { name, json } of containers) {
      for (const { key, number } of portsOf(json)) {
        const by = taken.get(key);
        if (by !== undefined) {
          const tip = advice(instance, portParameter(instance.profile));
          const message = `${instance.name}: port ${number} is taken by the container ${by}${tip}`;
          return { reason: 'port-clash', message };
        }
        taken.set(key, name);
      }
    }
  }
  return undefined;
}

/** A mount of an injected container whose volume nobody defines. */
export function unknownVolume(all: readonly Wanted[], view: PodView): Refusal | undefined {
  const names = new Set([
    ...view.volumes.map((volume) => textAt(volume, 'name')),
    ...all.flatMap(({ volumes }) => volumes.map(({ name }) => name)),
  ]);
  for (const { instance, containers, mounts } of all) {
    const used = [...containers.flatMap(({ json }) => listAt(json, 'volumeMounts')), ...mounts.map(jsonOf)];
    const missing = used.map((mount) => textAt(mount, 'name')).find((name) => !names.has(name));
    if (missing !== undefined) {
      return { reason: 'unknown-volume', message: `${instance.name}: the pod has no volume ${missing}` };
    }
  }
  return undefined;
}

const jsonOf = ({ json }: WantedPart): JsonMap => json;
