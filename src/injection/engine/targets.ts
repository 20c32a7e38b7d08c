/** The application's containers that an instance reaches. */
import { nearest } from '../../core/options/lookup.ts';
import { parameterKey } from '../annotations.ts';
import { quoted } from '../text.ts';
import type { Refusal } from './decision.ts';
import type { PodContainer, PodView } from './pod-view.ts';
import type { Wanted } from './wanted.ts';

/** All containers of the pod that no instance put there. */
export function applicationContainers(view: PodView, all: readonly Wanted[]): readonly PodContainer[] {
  const ours = new Set(all.flatMap(({ containers }) => containers.map(({ name }) => name)));
  return [...view.initContainers, ...view.containers].filter(({ name }) => !ours.has(name));
}

/** Those that get the mounts and variables of one instance: the named ones, or those that its profile means. */
export function targetsOf(
  { instance, mounts, env }: Wanted,
  application: readonly PodContainer[],
): readonly PodContainer[] | Refusal {
  const named = instance.values.get('containers');
  if (named === undefined) {
    return application.filter(({ list }) => list === 'containers' || instance.profile.into === 'all');
  }
  const names = named.split(',').map((name) => name.trim());
  const known = application.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    const hint = near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`;
    const key = parameterKey(instance.name, 'containers');
    return { reason: 'unknown-container', message: `${key}: no container ${quoted(unknown)}; ${hint}` };
  }
  return mounts.length + env.length === 0 ? [] : application.filter(({ name }) => names.includes(name));
}
