/** The parameters of what is asked for, checked as CEL: the same steps as the engine's `readInstances`. */
import { ASK, OWN_KEYS, PREFIX } from '../annotations.ts';
import { type Cel, cel, celMap, celVariable } from '../cel.ts';
import type { Parameter } from '../parameters/parameter.ts';
import { rulesOf } from '../parameters/rules.ts';
import { needWords, unmetNeed } from '../profiles/needs.ts';
import type { Profile } from '../profiles/profile.ts';
import { firstOf, firstOfAll, NONE, quotedCel, refusal, refuseWhen } from './refusal.ts';
import { type PolicySettings, profileVariable, type Variable } from './settings.ts';

/** The annotation of a parameter of the instance `a`. */
export function keyOf(parameter: string): Cel {
  return cel`${PREFIX} + a.instance + ${`.${parameter}`}`;
}

/** From each profile's name to its own variable. */
export function byProfile({ profiles }: PolicySettings, prefix: string): Cel {
  const names = [...profiles.keys()];
  return celMap(names.map((name) => ({ key: name, value: celVariable(profileVariable(prefix, name)) })));
}

/** For each profile its check, and what they come to: the first thing that is wrong with the parameters. */
export function parameterVariables(settings: PolicySettings): Variable[] {
  const { profiles } = settings;
  const all = [...profiles.values()];
  const declared = all.map(({ name, parameters }) => ({
    key: name,
    value: cel`${[...parameters.keys()]}`,
  }));
  return [
    ...all.map((profile) => ({ name: profileVariable('check', profile.name), expression: checkOf(profile) })),
    { name: 'parameters', expression: celMap(declared) },
    { name: 'parameter_problem', expression: problemOf(settings) },
  ];
}

/** For each instance of a profile the first of its parameters that is wrong. */
function checkOf({ name, parameters }: Profile): Cel {
  const checks = [...parameters.values()].map((parameter) => checkParameter(parameter, name));
  return cel`variables.asked.filter(a, a.profile == ${name}).transformMapEntry(i, a, {a.instance: ${firstOf(cel`${checks}`)}})`;
}

function checkParameter(parameter: Parameter, profile: string): Cel {
  const { required, default: fallback } = parameter.declaration;
  const key = keyOf(parameter.name);
  const missing =
    required && fallback === undefined
      ? refusal('missing-parameter', cel`${key} + ${` is missing: the profile ${profile} needs it`}`)
      : cel`[]`;
  const words = rulesOf(parameter).reduceRight(
    (rest, rule) => cel`!(${rule.cel(cel`t`)}) ? ${rule.words} : ${rest}`,
    cel`""`,
  );
  // An address may hold a password, and what is refused ends in logs and Events.
  const shown = parameter.declaration.type === 'url' ? cel`"the address"` : quotedCel(cel`t`);
  const message = cel`${key} + ": " + ${shown} + " " + w`;
  const wrong = cel`[${words}].map(w, w == "" ? [] : ${refusal('bad-value', message)})[0]`;
  return cel`variables.given[?${key}].optMap(t, ${wrong}).orValue(${missing})`;
}

function problemOf(settings: PolicySettings): Cel {
  const instances = cel`variables.asked.map(a, ${profileProblem(settings)})`;
  return firstOfAll(instances, cel`[${unknownKey()}]`, cel`variables.asked.map(a, ${tooNew(settings)})`);
}

/** Both have to allow it: whoever makes the policies, and whoever writes the profile. */
function namespacesOf({ name, namespaces }: Profile, { allowed }: PolicySettings): string[] | undefined {
  const [first, second] = [allowed.get(name), namespaces].filter((set) => set !== undefined);
  return first && [...first].filter((namespace) => second?.has(namespace) ?? true);
}

function profileProblem(settings: PolicySettings): Cel {
  const names = [...settings.profiles.keys()];
  const limits = [...settings.profiles.values()].flatMap((profile) => {
    const namespaces = namespacesOf(profile, settings);
    return namespaces === undefined ? [] : [{ key: profile.name, value: cel`${namespaces}` }];
  });
  const limited = celMap(limits);
  const shut = (name: Cel) =>
    limits.length === 0
      ? cel`false`
      : cel`${name} in ${limited} && !(request.namespace in ${limited}[${name}])`;
  const there =
    limits.length === 0 ? cel`${names.join(', ')}` : cel`${names}.filter(n, !(${shut(cel`n`)})).join(", ")`;
  const unknown = cel`${`${ASK}: no profile `} + ${quotedCel(cel`a.profile`)} + "; there are " + ${there}`;
  const notHere = cel`${`${ASK}: the profile `} + a.profile + " may not be used in the namespace " + ${quotedCel(cel`request.namespace`)}`;
  return cel`!(a.profile in ${names}) ? ${refusal('unknown-profile', unknown)}
    : ${shut(cel`a.profile`)} ? ${refusal('profile-not-allowed', notHere)}
    : ${byProfile(settings, 'check')}[a.profile][a.instance]`;
}

/** A misspelt key would be a parameter that silently is not set. */
function unknownKey(): Cel {
  const prefix = cel`${PREFIX} + a.instance + "."`;
  const isKnown = cel`k in ${OWN_KEYS} || variables.asked.exists(a, k.startsWith(${prefix}) && k.substring(size(${prefix})) in variables.parameters[a.profile])`;
  // The order of a map's keys is random.
  const unknown = cel`variables.given.filter(k, !(${isKnown})).map(k, string(k)).sort()`;
  const message = cel`${quotedCel(cel`k`)} + ": belongs to no parameter of what the pod asks for"`;
  return firstOf(cel`${unknown}.map(k, ${refusal('unknown-parameter', message)})`);
}

/** Profiles with fields that the cluster does not know: nothing of them is in the policy. */
function tooNew({ profiles, target }: PolicySettings): Cel {
  const refusals = [...profiles.values()].flatMap((profile) => {
    const need = unmetNeed(profile, target);
    if (need === undefined) {
      return [];
    }
    const isIt = cel`a.profile == ${profile.name}`;
    return [refuseWhen(isIt, 'needs-newer-kubernetes', cel`a.instance + ${needWords(need, target)}`)];
  });
  // Of an empty list CEL does not know what is in it.
  return refusals.length === 0 ? NONE : firstOf(cel`${refusals}`);
}
