/** What an instance of a profile puts into a pod, as CEL: the same as the engine's `readValues` and `wantedOf`. */
import { PREFIX } from '../annotations.ts';
import { type Cel, cel, celConcat, celJson, celList, celMap, celObject } from '../cel.ts';
import { mountParameter, portParameter } from '../engine/clashes.ts';
import { NO_TOKEN_MOUNT, profileHash } from '../engine/wanted.ts';
import type { Parameter } from '../parameters/parameter.ts';
import { unmetNeed } from '../profiles/needs.ts';
import type { Profile } from '../profiles/profile.ts';
import { keyOf } from './parameters.ts';
import { type PolicySettings, profileVariable, type Variable } from './settings.ts';
import { fieldsCel, partsCel, templateCel, unlessEmpty, whenCel } from './template.ts';

/** For each profile what its instances put in. */
export function madeVariables(settings: PolicySettings): Variable[] {
  return [...settings.profiles.values()].map((profile) => ({
    name: profileVariable('made', profile.name),
    expression: cel`variables.asked.filter(a, a.profile == ${profile.name}).map(a, ${valuesOf(profile, settings.image)}).transformMapEntry(i, v, {v["instance"]: ${madeOf(profile, settings)}})`,
  }));
}

/** The values of the instance `a`, all of them texts. */
export function valuesOf({ parameters }: Profile, image: string): Cel {
  return celMap([
    { key: 'instance', value: cel`a.instance` },
    { key: 'image', value: cel`${image}` },
    ...[...parameters.values()].map((parameter) => valueOfParameter(parameter)),
  ]);
}

function valueOfParameter({ name, declaration }: Parameter) {
  const { type, default: fallback } = declaration;
  const given = cel`variables.given[?${keyOf(name)}]`;
  if (fallback === undefined) {
    return { key: name, value: given, optional: true };
  }
  // A port's default is that of the first place in the list: a pod has one network.
  const other = type === 'port' ? cel`string(${Number(fallback)} + int(a.position))` : cel`${fallback}`;
  return { key: name, value: cel`${given}.orValue(${other})` };
}

/** Nothing is in the policy of a profile that the cluster has no fields for: who asks for it was refused before. */
function madeOf(profile: Profile, settings: PolicySettings): Cel {
  const isKnown = unmetNeed(profile, settings.target) === undefined;
  const parts = (list: Parameters<typeof partsCel>[0]) => (isKnown ? partsCel(list) : cel`[]`);
  const hash = profileHash(profile, settings.image);
  const hasContainer = isKnown && profile.container !== undefined;
  const hidesToken = hasContainer && !profile.apiToken;
  return celObject([
    { key: 'instance', value: cel`v["instance"]` },
    { key: 'phase', value: cel`${profile.phase}` },
    {
      key: 'head',
      value: cel`"\\"" + v["instance"] + ${`":{"profile":"${profile.name}","hash":"${hash}"`}`,
    },
    { key: 'containers', value: hasContainer ? cel`[${containerOf(profile)}]` : cel`[]` },
    { key: 'volumes', value: parts(profile.volumes) },
    { key: 'hidesToken', value: hidesToken ? cel`variables.has_token` : cel`false` },
    { key: 'mounts', value: parts(profile.mounts) },
    { key: 'env', value: parts(profile.env) },
    { key: 'labels', value: textsOf(profile.labels) },
    { key: 'annotations', value: textsOf(profile.annotations) },
    { key: 'isNamed', value: cel`"containers" in v` },
    {
      key: 'targets',
      value: cel`"containers" in v ? v["containers"].split(",").map(t, t.trim()) : []`,
    },
    { key: 'intoAll', value: cel`${profile.into === 'all'}` },
    { key: 'mountAdvice', value: adviceCel(mountParameter(profile)) },
    { key: 'portAdvice', value: adviceCel(portParameter(profile)) },
  ]);
}

/** The annotation that decides where something goes; empty where the profile fixes it. */
function adviceCel(parameter: string | undefined): Cel {
  return parameter === undefined ? cel`""` : cel`${`; set ${PREFIX}`} + v["instance"] + ${`.${parameter}`}`;
}

/** The container; as a native sidecar, which every cluster with these policies knows. */
function containerOf({ container, role, apiToken }: Profile): Cel {
  if (container?.kind !== 'object') {
    throw new TypeError('a container is an object');
  }
  const mounts = container.fields.find(({ key }) => key === 'volumeMounts');
  const own = mounts === undefined ? cel`[]` : templateCel(mounts.value);
  const when = mounts && whenCel(mounts.when);
  const given = when === undefined ? own : cel`${when} ? ${own} : []`;
  const noToken = cel`variables.has_token ? [dyn(${celJson(NO_TOKEN_MOUNT)})] : []`;
  return cel`dyn(${celObject([
    ...fieldsCel(container.fields.filter((each) => each !== mounts)),
    ...(role === 'sidecar' ? [{ key: 'restartPolicy', value: cel`"Always"` }] : []),
    {
      key: 'volumeMounts',
      value: unlessEmpty(apiToken ? given : celConcat([given, noToken])),
      optional: true,
    },
  ])})`;
}

/** Labels or annotations, each with its key. */
function textsOf(texts: Profile['labels']): Cel {
  return celList(
    texts.map(({ key, value, when }) => ({
      value: cel`{"key": ${key}, "value": ${templateCel(value)}}`,
      when: whenCel(when),
    })),
  );
}
