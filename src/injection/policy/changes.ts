/**
 * The patch, as CEL: the engine's `buildPatch`. Only additions, an empty list before the first item of one that is not there,
 * and everything in one mutation: between two the API server drops lists that are empty, and the second could fail alone.
 */
import { RECORD } from '../annotations.ts';
import { type Cel, cel, celConcat, celJson, celObject } from '../cel.ts';
import { pointer } from '../engine/json-patch.ts';
import { NO_TOKEN, NO_TOKEN_NAME } from '../engine/wanted.ts';
import type { Variable } from './settings.ts';
import { reaches } from './steps.ts';

const add = (path: Cel, value: Cel) => cel`JSONPatch{op: "add", path: ${path}, value: ${value}}`;

/** Additions to a list at `path`, which is made when it `isMissing`. */
function append(path: Cel, isMissing: Cel, items: Cel): Cel {
  const made = cel`${isMissing} ? [${add(path, cel`dyn([])`)}] : []`;
  return cel`size(${items}) == 0 ? [] : (${made}) + ${items}.map(x, ${add(cel`${path} + "/-"`, cel`x`)})`;
}

/** What is to be added, before it is written as a patch. */
export function changeVariables(): Variable[] {
  const fits = (taken: Cel) =>
    cel`${reaches(cel`m.it.of.it`)} && !(${taken}) && !m.rivals.exists(r, ${reaches(cel`r.of.it`)})`;
  const mounts = cel`variables.mounts.filter(m, ${fits(cel`a.mounts.exists(o, o.path == m.it.place)`)}).map(m, m.it.json)`;
  const env = cel`variables.env.filter(m, ${fits(cel`m.it.name in a.env`)}).map(m, m.it.json)`;
  return [
    {
      name: 'into_application',
      expression: cel`variables.application.map(a, ${celObject([
        { key: 'path', value: cel`a.path` },
        { key: 'noMounts', value: cel`!has(a.json.volumeMounts)` },
        { key: 'mounts', value: mounts },
        { key: 'noEnv', value: cel`!has(a.json.env)` },
        { key: 'env', value: env },
      ])})`,
    },
    { name: 'new_volumes', expression: newVolumes() },
  ];
}

/** One volume over the token's place serves all instances. */
function newVolumes(): Cel {
  const own = cel`variables.made.map(m, m.volumes.filter(v, !(v.name in variables.volume_names))).flatten()`;
  const isWanted = cel`variables.made.exists(m, m.hidesToken) && !(${NO_TOKEN_NAME} in variables.volume_names)`;
  return celConcat([own, cel`${isWanted} ? [dyn(${celJson(NO_TOKEN)})] : []`]);
}

/** The whole patch of a pod that gets something. */
export function patchCel(): Cel {
  const intoApplication = cel`variables.into_application.map(a, ${celConcat([
    append(cel`a.path + "/volumeMounts"`, cel`a.noMounts`, cel`a.mounts`),
    append(cel`a.path + "/env"`, cel`a.noEnv`, cel`a.env`),
  ])}).flatten()`;
  return celConcat([
    cel`variables.raised.map(t, JSONPatch{op: "replace", path: t.path, value: dyn(t.value)})`,
    texts(cel`m.labels`, cel`variables.labels`, 'labels', cel`!has(variables.pod.metadata.labels)`),
    texts(cel`m.annotations`, cel`variables.annotations`, 'annotations', NO_ANNOTATIONS),
    append(cel`"/spec/volumes"`, cel`!has(variables.spec.volumes)`, cel`variables.new_volumes`),
    intoApplication,
    initContainers(),
    record(),
  ]);
}

const NO_ANNOTATIONS = cel`!has(variables.pod.metadata.annotations)`;

/** Additions to an object of texts; what is there stays. */
function texts(items: Cel, existing: Cel, key: string, isMissing: Cel): Cel {
  const missing = cel`variables.made.map(m, ${items}.filter(t, !(t.key in ${existing}))).flatten()`;
  const made = cel`${isMissing} ? [${add(cel`${pointer('metadata', key)}`, cel`dyn({})`)}] : []`;
  const path = cel`${`${pointer('metadata', key)}/`} + jsonpatch.escapeKey(t.key)`;
  return cel`[${missing}].map(l, size(l) == 0 ? [] : (${made}) + l.map(t, ${add(path, cel`dyn(t.value)`)}))[0]`;
}

/** `first` ahead of all, `before` behind the sidecars that lead, `after` at the end. */
function initContainers(): Cel {
  const of = (phase: string) => cel`variables.new_containers.filter(c, c.phase == ${phase}).map(c, c.json)`;
  const at = (items: Cel, from: Cel) =>
    cel`${items}.transformList(i, c, ${add(cel`"/spec/initContainers/" + string(${from} + i)`, cel`c`)})`;
  const others = cel`variables.inits.transformList(i, c, c.?restartPolicy.orValue("") != "Always", i)`;
  const leading = cel`${others}[?0].orValue(size(variables.inits))`;
  const made = cel`size(variables.new_containers) > 0 && !has(variables.spec.initContainers) ? [${add(cel`"/spec/initContainers"`, cel`dyn([])`)}] : []`;
  return celConcat([
    made,
    at(of('first'), cel`0`),
    at(of('before'), cel`size(${of('first')}) + ${leading}`),
    cel`${of('after')}.map(c, ${add(cel`"/spec/initContainers/-"`, cel`c`)})`,
  ]);
}

function record(): Cel {
  const hasAnnotations = cel`!(${NO_ANNOTATIONS}) || variables.made.exists(m, size(m.annotations) > 0)`;
  const made = cel`${hasAnnotations} ? [] : [${add(cel`"/metadata/annotations"`, cel`dyn({})`)}]`;
  const text = add(cel`${pointer('metadata', 'annotations', RECORD)}`, cel`dyn(variables.new_record)`);
  return cel`variables.new_record == variables.record ? [] : (${made}) + [${text}]`;
}
