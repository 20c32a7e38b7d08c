/** The annotation that records what was put into a pod, as CEL: the same text as the engine's. */
import { type Cel, cel } from '../cel.ts';
import { NO_TOKEN_NAME } from '../engine/wanted.ts';
import type { Variable } from './settings.ts';
import { reaches } from './steps.ts';

const list = (texts: Cel) => cel`"[" + ${texts}.map(t, "\\"" + t + "\\"").join(",") + "]"`;
const optionalList = (key: string, texts: Cel) =>
  cel`${texts}.size() == 0 ? "" : ${`,"${key}":`} + ${list(texts)}`;

/** What was added to the containers `a` that the step `s` reaches. */
function addedTo(items: Cel, added: Cel): Cel {
  return cel`variables.application.filter(a, ${reaches(cel`s.it`)}).map(a, ${items}.map(m, ${added})).flatten()`;
}

const ADDED_MOUNTS = addedTo(
  cel`variables.raw_mounts.filter(m, m.of.it.instance == s.it.instance && !s.it.volumes.exists(v, v.name == m.name) && !(s.it.hidesToken && m.name == ${NO_TOKEN_NAME}) && !a.mounts.exists(o, o.path == m.place))`,
  cel`a.name + ":" + m.json.mountPath`,
);
const ADDED_ENV = addedTo(
  cel`variables.raw_env.filter(m, m.of.it.instance == s.it.instance && !(m.name in a.env))`,
  cel`a.name + "/" + m.name`,
);
const ADDED_LABELS = cel`s.it.labels.filter(l, !(l.key in variables.labels)).map(l, string(l.key))`;
const ADDED_ANNOTATIONS = cel`s.it.annotations.filter(l, !(l.key in variables.annotations)).map(l, string(l.key))`;

const VOLUMES = cel`s.it.volumes.map(v, string(v.name)) + (s.it.hidesToken ? [${NO_TOKEN_NAME}] : [])`;

const ENTRY = cel`s.it.head + ",\\"containers\\":" + ${list(cel`s.it.containers.map(c, string(c.name))`)}
  + ",\\"volumes\\":" + ${list(cel`(${VOLUMES})`)}
  + ${optionalList('mounts', ADDED_MOUNTS)} + ${optionalList('env', ADDED_ENV)}
  + ${optionalList('labels', ADDED_LABELS)} + ${optionalList('annotations', ADDED_ANNOTATIONS)} + "}"`;

/** An instance's entry stays from when it was put in. */
const HEAD = cel`"\\"" + s.it.instance + "\\":{"`;
const ENTRIES = cel`variables.steps.map(s, s.status == "recorded" ? ${HEAD} + variables.record.split(${HEAD})[1].split("}")[0] + "}" : ${ENTRY}).join(",")`;

/** What was there in another form before, and what is raised now. */
const KEPT_HEAD = '"kept":[';
const KEPT = cel`(variables.record.contains(${KEPT_HEAD}) ? [variables.record.split(${KEPT_HEAD})[1].split("]")[0]] : []) + variables.raised.map(t, t.kept)`;

/** `new_record`: the record as it is to be; the one that is there while every instance is in it. */
export function recordVariables(version: string): Variable[] {
  const kept = cel`${KEPT}.filter(t, t != "").join(",")`;
  const whole = cel`${`{"version":"${version}","instances":{`} + ${ENTRIES} + "}" + [${kept}].map(k, k == "" ? "" : ",\\"kept\\":[" + k + "]")[0] + "}"`;
  return [
    {
      name: 'new_record',
      expression: cel`variables.record != "" && variables.steps.all(s, s.status == "recorded") ? variables.record : ${whole}`,
    },
  ];
}
