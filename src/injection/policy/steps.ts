/** The pod as the policy sees it, and what becomes of each instance: the engine's `PodView`, `Step` and `statusOf`. */
import { RECORD } from '../annotations.ts';
import { type Cel, cel, celObject } from '../cel.ts';
import { CONTAINER_NAME_PATTERN, SHAPE_WORDS } from '../engine/pod-view.ts';
import { byProfile } from './parameters.ts';
import { firstOfAll, refusal, refuseWhen } from './refusal.ts';
import type { PolicySettings, Variable } from './settings.ts';

/** `/data/` and `/data` are the same directory. */
function plainPath(path: Cel): Cel {
  return cel`size(${path}) > 1 && ${path}.endsWith("/") ? ${path}.substring(0, size(${path}) - 1) : string(${path})`;
}

/** Whether the instance `it` gives its mounts and variables to the container `a` of the application. */
export function reaches(it: Cel): Cel {
  return cel`(${it}.isNamed ? a.name in ${it}.targets : (${it}.intoAll || !a.isInit))`;
}

/** The same number of another protocol is another port. */
export function portKey(port: Cel): Cel {
  return cel`string(${port}.containerPort) + "/" + string(${port}.?protocol.orValue("TCP"))`;
}

const badNames = (list: string, containers: Cel) =>
  cel`${containers}.transformList(i, c, !string(c.name).matches(${CONTAINER_NAME_PATTERN}), ${refusal(
    'bad-pod',
    cel`${`spec.${list}[`} + string(i) + ${`].name ${SHAPE_WORDS.badName}`}`,
  )})`;

/** What the server will refuse the pod for anyway, before names of it are written into the record. */
const SHAPE_PROBLEM = firstOfAll(
  badNames('containers', cel`variables.mains`),
  cel`[${refuseWhen(cel`size(variables.mains) == 0`, 'bad-pod', SHAPE_WORDS.noContainers)}]`,
  badNames('initContainers', cel`variables.inits`),
);

/** What the pod has, without which nothing of `made` can be said. */
export function podVariables(): Variable[] {
  return [
    {
      name: 'has_token',
      expression: cel`variables.spec.?automountServiceAccountToken.orValue(true) != false`,
    },
    { name: 'inits', expression: cel`variables.spec.?initContainers.orValue([])` },
    { name: 'mains', expression: cel`variables.spec.?containers.orValue([])` },
    { name: 'shape_problem', expression: SHAPE_PROBLEM },
    { name: 'taken', expression: cel`(variables.inits + variables.mains).map(c, string(c.name))` },
    {
      name: 'volume_names',
      expression: cel`variables.spec.?volumes.orValue([]).map(v, string(v.name))`,
    },
    { name: 'record', expression: cel`variables.given[?${RECORD}].orValue("")` },
  ];
}

/** What is asked for next to what is there. */
export function stepVariables(settings: PolicySettings): Variable[] {
  return [
    {
      name: 'made',
      expression: cel`variables.asked.map(a, ${byProfile(settings, 'made')}[a.profile][a.instance])`,
    },
    {
      name: 'own',
      expression: cel`variables.made.map(m, m.containers.map(c, string(c.name))).flatten()`,
    },
    {
      name: 'application',
      expression: cel`${containersOf('initContainers', cel`variables.inits`)} + ${containersOf('containers', cel`variables.mains`)}`,
    },
    {
      name: 'steps',
      expression: cel`variables.made.map(m, ${celObject([
        { key: 'it', value: cel`m` },
        { key: 'status', value: STATUS },
      ])})`,
    },
    {
      name: 'new_containers',
      expression: cel`variables.made.map(m, m.containers.filter(c, !(c.name in variables.taken)).map(c, {"phase": dyn(m.phase), "json": dyn(c)})).flatten()`,
    },
    ...withRivals(MOUNTS),
    ...withRivals(ENV),
  ];
}

/** Containers that no instance puts there. */
function containersOf(list: string, containers: Cel): Cel {
  const mounts = cel`c.?volumeMounts.orValue([]).map(m, {"path": ${plainPath(cel`m.mountPath`)}, "name": string(m.name)})`;
  return cel`${containers}.transformList(i, c, !(c.name in variables.own), ${celObject([
    { key: 'path', value: cel`${`/spec/${list}/`} + string(i)` },
    { key: 'isInit', value: cel`${list === 'initContainers'}` },
    { key: 'name', value: cel`c.name` },
    { key: 'json', value: cel`c` },
    { key: 'mounts', value: mounts },
    { key: 'env', value: cel`c.?env.orValue([]).map(e, string(e.name))` },
    { key: 'ports', value: cel`c.?ports.orValue([]).map(p, ${portKey(cel`p`)})` },
  ])})`;
}

const CLASHES = cel`m.containers.exists(c, c.name in variables.taken) || m.volumes.exists(v, v.name in variables.volume_names)`;
const STATUS = cel`variables.record.contains(m.head) ? "recorded" : !(${CLASHES}) ? "new"
  : variables.record.contains("\\"" + m.instance + "\\":{") ? "stale" : "clash"`;

interface Given {
  readonly name: string;
  /** Those of the step `s`. */
  readonly items: Cel;
  /** Where the item `m` goes: two in one place cannot be. */
  readonly place: Cel;
  readonly raw: Cel;
}

const MOUNTS: Given = {
  name: 'mounts',
  items: cel`s.it.mounts`,
  place: plainPath(cel`m.mountPath`),
  raw: cel`variables.raw_mounts`,
};
const ENV: Given = {
  name: 'env',
  items: cel`s.it.env`,
  place: cel`string(m.name)`,
  raw: cel`variables.raw_env`,
};

/**
 * What all instances give to the application, each with those before it that want the same place: where one of them reaches
 * a container, it is the one that gets it.
 */
function withRivals({ name, items, place, raw }: Given): Variable[] {
  const item = celObject([
    { key: 'of', value: cel`s` },
    { key: 'json', value: cel`m` },
    { key: 'name', value: cel`string(m.name)` },
    { key: 'place', value: place },
  ]);
  const rivals = cel`${raw}.slice(0, i).filter(r, r.place == m.place)`;
  const both = celObject([
    { key: 'it', value: cel`m` },
    { key: 'rivals', value: rivals },
  ]);
  return [
    { name: `raw_${name}`, expression: cel`variables.steps.map(s, ${items}.map(m, ${item})).flatten()` },
    { name, expression: cel`${raw}.transformList(i, m, ${both})` },
  ];
}
