/** ConfigMaps -> texts of profiles. Pure. Whoever can write to the injector's namespace decides what profiles are. */
import { isMap, type Json, memberAt, textAt } from '../../../kubernetes/json.ts';
import { PREFIX } from '../../annotations.ts';
import type { ProfileText } from '../../profiles/merge.ts';
import { quoted } from '../../text.ts';

/** On a ConfigMap: it holds profiles. */
export const PROFILES_LABEL = `${PREFIX}profiles`;
/** On such a ConfigMap: the only namespaces whose pods may ask for what is in it, as `dev, test`. */
export const NAMESPACES_ANNOTATION = `${PREFIX}namespaces`;

const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The texts of all keys, in an order that does not change. */
export function profileTexts(configMaps: readonly Json[]): ProfileText[] {
  return configMaps
    .map((configMap) => ({ configMap, name: textAt(configMap, 'metadata', 'name') ?? '' }))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap(({ configMap, name }) => textsOf(configMap, name));
}

function textsOf(configMap: Json, name: string): ProfileText[] {
  const data = memberAt(configMap, 'data');
  const allowed = allowedIn(textAt(configMap, 'metadata', 'annotations', NAMESPACES_ANNOTATION));
  return Object.entries(isMap(data) ? data : {})
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, text]) => ({
      name: `ConfigMap ${name}, ${key}`,
      text: typeof text === 'string' ? text : '',
      ...allowed,
    }));
}

/** A list that cannot be read must not become one that allows everything. */
function allowedIn(list: string | undefined): {
  readonly namespaces?: ReadonlySet<string>;
  readonly problem?: string;
} {
  if (list === undefined) {
    return {};
  }
  const names = list.split(',').map((name) => name.trim());
  const bad = names.find((name) => !NAMESPACE.test(name));
  return bad === undefined
    ? { namespaces: new Set(names) }
    : { problem: `${NAMESPACES_ANNOTATION}: ${quoted(bad)} is no name of a namespace` };
}
