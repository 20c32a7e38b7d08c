/** What a pod asks for -> instances of profiles with the values of their parameters, or the first thing that is wrong. */
import { nearest } from '../../core/options/lookup.ts';
import { type JsonMap, member } from '../../kubernetes/json.ts';
import { ASK, type Asked, OWN_KEYS, PREFIX, parameterKey, parseAsk } from '../annotations.ts';
import type { Parameter } from '../parameters/parameter.ts';
import { rulesOf } from '../parameters/rules.ts';
import type { ParameterValues } from '../profiles/condition.ts';
import type { Profile } from '../profiles/profile.ts';
import { quoted } from '../text.ts';
import { type InjectionSettings, isRefusal, type Refusal } from './decision.ts';

export interface Instance {
  readonly name: string;
  readonly profile: Profile;
  readonly values: ParameterValues;
}

/** Reads the list and all parameters that belong to it. */
export function readInstances(
  ask: string,
  annotations: JsonMap,
  namespace: string,
  settings: InjectionSettings,
): readonly Instance[] | Refusal {
  const asked = parseAsk(ask);
  if ('problem' in asked) {
    return { reason: 'bad-ask', message: `${ASK}: ${quoted(ask)} ${asked.problem}` };
  }
  const instances: Instance[] = [];
  for (const [position, each] of asked.entries()) {
    const profile = findProfile(each, namespace, settings);
    if (isRefusal(profile)) {
      return profile;
    }
    const values = readValues(each, profile, position, annotations, settings.image);
    if (isRefusal(values)) {
      return values;
    }
    instances.push({ name: each.instance, profile, values });
  }
  return unknownKey(annotations, instances) ?? instances;
}

function findProfile(asked: Asked, namespace: string, settings: InjectionSettings): Profile | Refusal {
  const profile = settings.profiles.get(asked.profile);
  if (profile === undefined) {
    const names = [...settings.profiles.keys()].filter((name) => settings.isAllowed(name, namespace));
    const near = nearest(asked.profile, names);
    const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
    return { reason: 'unknown-profile', message: `${ASK}: no profile ${quoted(asked.profile)}; ${hint}` };
  }
  if (!settings.isAllowed(asked.profile, namespace)) {
    const message = `${ASK}: the profile ${asked.profile} may not be used in the namespace ${quoted(namespace)}`;
    return { reason: 'profile-not-allowed', message };
  }
  return profile;
}

function readValues(
  { instance }: Asked,
  profile: Profile,
  position: number,
  annotations: JsonMap,
  image: string,
): ParameterValues | Refusal {
  const values = new Map([
    ['instance', instance],
    ['image', image],
  ]);
  for (const parameter of profile.parameters.values()) {
    const key = parameterKey(instance, parameter.name);
    const given = member(annotations, key);
    if (given === undefined) {
      const fallback = defaultOf(parameter, position);
      if (fallback === undefined && parameter.declaration.required) {
        return {
          reason: 'missing-parameter',
          message: `${key} is missing: the profile ${profile.name} needs it`,
        };
      }
      if (fallback !== undefined) {
        values.set(parameter.name, fallback);
      }
      continue;
    }
    const text = typeof given === 'string' ? given : '';
    const broken = rulesOf(parameter).find((rule) => !rule.holds(text));
    if (broken !== undefined) {
      return { reason: 'bad-value', message: badValue(key, text, broken.words, parameter) };
    }
    values.set(parameter.name, text);
  }
  return values;
}

/** A port's default is that of the first place in the list: a pod has one network. */
function defaultOf({ declaration }: Parameter, position: number): string | undefined {
  return declaration.type === 'port' && declaration.default !== undefined
    ? String(Number(declaration.default) + position)
    : declaration.default;
}

function badValue(key: string, text: string, words: string, { declaration }: Parameter): string {
  const near = declaration.type === 'choice' ? nearest(text.slice(0, 64), declaration.choices) : undefined;
  // An address may hold a password, and what is refused ends in logs and Events.
  const shown = declaration.type === 'url' ? 'the address' : quoted(text);
  return `${key}: ${shown} ${words}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** A misspelt key would be a parameter that silently is not set. */
function unknownKey(annotations: JsonMap, instances: readonly Instance[]): Refusal | undefined {
  const unknown = Object.keys(annotations).find(
    (key) => key.startsWith(PREFIX) && !OWN_KEYS.includes(key) && !isParameter(key, instances),
  );
  if (unknown === undefined) {
    return undefined;
  }
  const known = instances.flatMap(({ name, profile }) =>
    [...profile.parameters.keys()].map((parameter) => parameterKey(name, parameter)),
  );
  const near = nearest(unknown.slice(0, 128), [...new Set([...OWN_KEYS, ...known])]);
  const hint =
    near === undefined ? 'belongs to no parameter of what the pod asks for' : `did you mean ${near}?`;
  return { reason: 'unknown-parameter', message: `${quoted(unknown)}: ${hint}` };
}

/** Neither the name of an instance nor that of a parameter has a dot in it. */
function isParameter(key: string, instances: readonly Instance[]): boolean {
  const dot = key.indexOf('.', PREFIX.length);
  const parameter = key.slice(dot + 1);
  return instances.some(
    ({ name, profile }) =>
      dot === PREFIX.length + name.length &&
      key.startsWith(name, PREFIX.length) &&
      profile.parameters.has(parameter),
  );
}
