/**
 * Pod-level resources as CEL: the engine's `fitPodResources`. CEL adds no quantities, so they are counted in thousandths (of a
 * core, of a byte); a value that is a fraction of one is refused by name.
 */
import { POD_RESOURCES } from '../annotations.ts';
import { type Cel, cel, celMap, celObject } from '../cel.ts';
import { QUANTITY_FACTORS, QUANTITY_PATTERN } from '../parameters/quantity.ts';
import { firstOf, refuseWhen } from './refusal.ts';
import type { Variable } from './settings.ts';

/** What has to be raised so that the new containers fit, and what keeps that from being said. */
export function podResourcesVariables(): Variable[] {
  return [
    { name: 'demand', expression: DEMAND },
    { name: 'needed', expression: NEEDED },
    { name: 'raised', expression: RAISED },
    { name: 'resources_problem', expression: PROBLEM },
  ];
}

const FACTORS = celMap([...QUANTITY_FACTORS].map(([key, factor]) => ({ key, value: cel`${factor}` })));

/** Thousandths of what the quantity `t` says; 0 for what is none. */
const THOUSANDTHS = cel`!t.matches(${QUANTITY_PATTERN}) ? 0
  : t.endsWith("m") ? int(t.substring(0, size(t) - 1).split(".")[0])
  : int((t.find("^[0-9]+")) + (t.find("[.][0-9]+").replace(".", "") + "000").substring(0, 3)) * ${FACTORS}[t.find("[A-Za-z]+$")]`;

const thousandths = (texts: Cel) => cel`${texts}.map(t, ${THOUSANDTHS})`;

const ADDED = cel`variables.new_containers.map(c, c.json)`;
const INITS = cel`(${ADDED} + variables.inits)`;
const asked = (containers: Cel) => cel`${containers}.map(c, string(c.?resources.?requests[?r].orValue("0")))`;
const limited = (containers: Cel) => cel`${containers}.map(c, string(c.?resources.?limits[?r].orValue("0")))`;

/** For processor and memory what the pod has, and what its containers want. */
const DEMAND = cel`!has(variables.spec.resources) || size(variables.new_containers) == 0 ? [] : ["cpu", "memory"].map(r, ${celObject(
  [
    { key: 'resource', value: cel`r` },
    { key: 'requests', value: cel`string(variables.spec.resources.?requests[?r].orValue(""))` },
    { key: 'limits', value: cel`string(variables.spec.resources.?limits[?r].orValue(""))` },
    { key: 'inits', value: thousandths(asked(INITS)) },
    { key: 'sidecars', value: cel`${INITS}.map(c, c.?restartPolicy.orValue("") == "Always")` },
    { key: 'mains', value: thousandths(asked(cel`variables.mains`)) },
    { key: 'largest', value: thousandths(limited(cel`(${INITS} + variables.mains)`)) },
    {
      key: 'fractions',
      value: cel`(${asked(INITS)} + ${limited(INITS)}).filter(t, t.matches("[.][0-9]+m$"))`,
    },
  ],
)})`;

/** What the scheduler counts: everything that runs together, or the largest init container with the sidecars before it. */
const SIDECARS = (upTo: Cel) => cel`d.inits.transformList(j, n, d.sidecars[j] && j < ${upTo}, int(n)).sum()`;
const RUNNING = cel`d.mains.map(n, int(n)).sum() + ${SIDECARS(cel`size(d.inits)`)}`;
const PEAKS = cel`d.inits.transformList(i, n, int(n) + ${SIDECARS(cel`i`)})`;
const NEEDED = cel`variables.demand.map(d, ${celObject([
  { key: 'of', value: cel`d` },
  {
    key: 'requests',
    value: cel`string(d.requests).matches(${QUANTITY_PATTERN}) ? ([${RUNNING}] + ${PEAKS}).max() : 0`,
  },
])})`;

/** In the plainest spelling: cores in thousandths; memory in Mi where that is exact, otherwise in bytes, rounded up. */
const MEBIBYTE = 1_048_576_000;
const SPELLED = cel`r.resource == "cpu" ? string(r.to) + "m" : r.to % ${MEBIBYTE} == 0 ? string(r.to / ${MEBIBYTE}) + "Mi" : string((r.to + 999) / 1000)`;

/** One value of the pod next to what it must be. */
const compared = (kind: string, from: Cel, to: Cel) =>
  cel`{"kind": dyn(${kind}), "resource": dyn(n.of.resource), "from": dyn(${from}), "to": dyn(${to})}`;
const COMPARED = cel`variables.needed.map(n, [${compared('requests', cel`n.of.requests`, cel`n.requests`)}, ${compared(
  'limits',
  cel`n.of.limits`,
  cel`([int(n.requests)] + n.of.largest.map(l, int(l))).max()`,
)}]).flatten()`;
const IS_RAISED = cel`string(r.from).matches(${QUANTITY_PATTERN}) && r.to > ${thousandths(cel`[string(r.from)]`)}[0]`;
const RAISED = cel`${COMPARED}.filter(r, ${IS_RAISED}).map(r, {
  "path": "/spec/resources/" + r.kind + "/" + r.resource,
  "value": ${SPELLED},
  "kept": "\\"" + r.kind + "." + r.resource + "=" + r.from + "\\"",
  "told": r.kind + "." + r.resource + " " + (${SPELLED}) + " instead of " + r.from})`;

const isRefusing = cel`variables.given[?${POD_RESOURCES}].orValue("") == "refuse"`;
const FRACTIONS = cel`variables.demand.map(d, d.fractions.map(t, string(t))).flatten()`;
const PROBLEM = firstOf(
  cel`[${refuseWhen(
    cel`size(${FRACTIONS}) > 0`,
    'pod-resources',
    cel`"next to spec.resources a quantity may be no fraction of a thousandth: " + ${FRACTIONS}[0]`,
  )}, ${refuseWhen(
    cel`size(variables.raised) > 0 && ${isRefusing}`,
    'pod-resources',
    cel`"spec.resources is too small: needs " + variables.raised.map(r, r.told).join(", ")`,
  )}]`,
);
