/** Pods that are left alone although they may ask, each for a reason that has a name. */
import { memberAt, textAt } from '../../kubernetes/json.ts';
import { ASK, EMPTY_PATTERN, NOTHING, NOTHING_PATTERN } from '../annotations.ts';
import type { InjectionRequest, InjectionSettings, Refusal } from './decision.ts';
import type { PodView } from './pod-view.ts';

const EMPTY = new RegExp(EMPTY_PATTERN);
const OPTED_OUT = new RegExp(NOTHING_PATTERN);

/** What is asked for: the pod's own annotation, or else what the label of its namespace says. */
export function askOf(view: PodView, namespaceDefault: string | undefined): string | undefined {
  return textAt(view.annotations, ASK) ?? namespaceDefault;
}

/** Why a request is none about a new pod, whatever object it has: one that ends has none at all. */
export function otherRequest({
  operation = 'CREATE',
  subResource = '',
  kind = 'Pod',
}: InjectionRequest): Refusal | undefined {
  if (operation !== 'CREATE' || subResource !== '') {
    return { reason: 'not-a-creation', message: 'containers of a pod are decided when it is created' };
  }
  return kind === 'Pod'
    ? undefined
    : { reason: 'not-a-pod', message: 'only pods are injected into, not what makes them' };
}

/** Why nothing is put into this pod; undefined when something is. */
export function skipReason(
  view: PodView,
  request: InjectionRequest,
  settings: InjectionSettings,
): Refusal | undefined {
  const ask = askOf(view, request.namespaceDefault);
  if (ask === undefined || EMPTY.test(ask)) {
    return { reason: 'not-asked', message: `there is no annotation ${ASK}` };
  }
  if (OPTED_OUT.test(ask)) {
    return { reason: 'opted-out', message: `${ASK} is ${NOTHING}` };
  }
  if (settings.systemNamespaces.has(request.namespace)) {
    return { reason: 'system-namespace', message: `nothing is put into pods of ${request.namespace}` };
  }
  return podReason(view);
}

/** Why nothing is put into a pod of a kind; a policy says the same. */
export const SKIP_WORDS = {
  'mirror-pod': 'kubelet mirrors a static pod: it cannot be changed',
  windows: 'the image runs on Linux, the pod on Windows',
  'host-network': 'the pod has the network of its node: ports would be taken there',
} as const;

function podReason({ annotations, spec }: PodView): Refusal | undefined {
  if (textAt(annotations, 'kubernetes.io/config.mirror') !== undefined) {
    return { reason: 'mirror-pod', message: SKIP_WORDS['mirror-pod'] };
  }
  const selected = textAt(spec, 'nodeSelector', 'kubernetes.io/os');
  if (textAt(spec, 'os', 'name') === 'windows' || selected === 'windows') {
    return { reason: 'windows', message: SKIP_WORDS.windows };
  }
  if (memberAt(spec, 'hostNetwork') === true) {
    return { reason: 'host-network', message: SKIP_WORDS['host-network'] };
  }
  return undefined;
}
