/** Which instances are in the pod already, as ours, as those of another version, or as somebody else's of the same name. */
import { textAt } from '../../kubernetes/json.ts';
import { RECORD } from '../annotations.ts';
import type { Refusal } from './decision.ts';
import type { PodView } from './pod-view.ts';
import { entryHead } from './record.ts';
import { NO_TOKEN, type Wanted } from './wanted.ts';

export type InstanceStatus = 'new' | 'recorded' | 'stale';

export function recordOf({ annotations }: PodView): string | undefined {
  return textAt(annotations, RECORD);
}

/** The status of one instance; a refusal when what is in its place is not ours. */
export function statusOf(wanted: Wanted, view: PodView): InstanceStatus | Refusal {
  const record = recordOf(view) ?? '';
  if (record.includes(entryHead(wanted))) {
    return 'recorded';
  }
  const clash = nameClash(wanted, view) ?? volumeClash(wanted, view);
  if (clash === undefined) {
    return 'new';
  }
  return record.includes(`"${wanted.instance.name}":{`) ? 'stale' : clash;
}

function nameClash({ containers, instance }: Wanted, view: PodView): Refusal | undefined {
  const taken = containers.find(({ name }) =>
    [...view.initContainers, ...view.containers].some((each) => each.name === name),
  );
  return (
    taken && {
      reason: 'name-clash',
      message: `${instance.name}: the pod has a container ${taken.name} that is not Pillion's; rename it or the instance`,
    }
  );
}

function volumeClash({ volumes, instance }: Wanted, view: PodView): Refusal | undefined {
  const names = new Set(view.volumes.map((volume) => textAt(volume, 'name')));
  const taken = volumes.find(({ name }) => name !== NO_TOKEN['name'] && names.has(name));
  return (
    taken && {
      reason: 'volume-clash',
      message: `${instance.name}: the pod has a volume ${taken.name} that is not Pillion's; rename it or the instance`,
    }
  );
}
