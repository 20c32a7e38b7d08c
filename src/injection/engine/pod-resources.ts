/**
 * Pod-level resources (spec.resources): the API server refuses a pod whose containers ask for more than the pod has. What
 * is put in raises them as far as needed, or is refused with the sum, as the pod's annotation says.
 */
import { isMap, type JsonMap, member, memberAt, textAt } from '../../kubernetes/json.ts';
import { POD_RESOURCES } from '../annotations.ts';
import { formatQuantity, parseQuantity } from '../parameters/quantity.ts';
import type { Refusal } from './decision.ts';
import type { PatchOperation } from './json-patch.ts';
import type { PodView } from './pod-view.ts';
import type { WantedContainer } from './wanted.ts';

export interface PodResources {
  readonly operations: readonly PatchOperation[];
  /** `requests.cpu=500m` for each value that is raised, for the record. */
  readonly kept: readonly string[];
  readonly warnings: readonly string[];
}

const NOTHING: PodResources = { operations: [], kept: [], warnings: [] };

type Kind = 'requests' | 'limits';

function amount(container: JsonMap, kind: Kind, resource: string): bigint {
  const value = memberAt(container, 'resources', kind, resource);
  const text = typeof value === 'number' ? String(value) : value;
  return (typeof text === 'string' ? parseQuantity(text) : undefined) ?? 0n;
}

/** What the scheduler counts: everything that runs together, or the largest init container with the sidecars before it. */
function requestOf(init: readonly JsonMap[], main: readonly JsonMap[], resource: string): bigint {
  let sidecars = 0n;
  let peak = 0n;
  for (const container of init) {
    const own = amount(container, 'requests', resource);
    if (textAt(container, 'restartPolicy') === 'Always') {
      sidecars += own;
      peak = peak > sidecars ? peak : sidecars;
    } else {
      peak = peak > sidecars + own ? peak : sidecars + own;
    }
  }
  const running = main.reduce((sum, container) => sum + amount(container, 'requests', resource), sidecars);
  return running > peak ? running : peak;
}

const largest = (values: readonly bigint[]) =>
  values.reduce((most, value) => (value > most ? value : most), 0n);

/** What has to change in spec.resources so that `added` fits; a refusal when the pod wants it left as it is. */
export function fitPodResources(view: PodView, added: readonly WantedContainer[]): PodResources | Refusal {
  const own = member(view.spec, 'resources');
  if (!isMap(own) || added.length === 0) {
    return NOTHING;
  }
  const main = [...view.containers.map(({ json }) => json), ...jsonIn(added, 'containers')];
  const init = [...jsonIn(added, 'initContainers'), ...view.initContainers.map(({ json }) => json)];
  const raised = raise(own, init, main);
  if (raised.length > 0 && textAt(view.annotations, POD_RESOURCES) === 'refuse') {
    return {
      reason: 'pod-resources',
      message: `spec.resources is too small: needs ${raised.map(describeRaise).join(', ')}`,
    };
  }
  return {
    operations: raised.map(({ kind, resource, to }) => ({
      op: 'replace',
      path: `/spec/resources/${kind}/${resource}`,
      value: to,
    })),
    kept: raised.map(({ kind, resource, from }) => `"${kind}.${resource}=${from}"`),
    warnings: raised.map((each) => `spec.resources was raised to make room: ${describeRaise(each)}`),
  };
}

interface Raised {
  readonly kind: Kind;
  readonly resource: 'cpu' | 'memory';
  readonly from: string;
  readonly to: string;
}

const describeRaise = ({ kind, resource, from, to }: Raised) =>
  `${kind}.${resource} ${to} instead of ${from}`;

function jsonIn(added: readonly WantedContainer[], list: WantedContainer['list']): JsonMap[] {
  return added.filter((each) => each.list === list).map(({ json }) => json);
}

function raise(own: JsonMap, init: readonly JsonMap[], main: readonly JsonMap[]): Raised[] {
  const raised: Raised[] = [];
  for (const resource of ['cpu', 'memory'] as const) {
    const value = (kind: Kind) => textAt(own, kind, resource);
    const [request, limit] = [value('requests'), value('limits')];
    let needed = 0n;
    const requested = request === undefined ? undefined : parseQuantity(request);
    if (request !== undefined && requested !== undefined) {
      needed = requestOf(init, main, resource);
      if (needed > requested) {
        raised.push({ kind: 'requests', resource, from: request, to: formatQuantity(needed, resource) });
      }
    }
    const limited = limit === undefined ? undefined : parseQuantity(limit);
    if (limit !== undefined && limited !== undefined) {
      const most = largest([needed, ...[...init, ...main].map((each) => amount(each, 'limits', resource))]);
      if (most > limited) {
        raised.push({ kind: 'limits', resource, from: limit, to: formatQuantity(most, resource) });
      }
    }
  }
  return raised;
}
