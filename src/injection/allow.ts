/** Which namespaces may use which profile, as whoever installs injection says it. */
import { strings } from '../core/options/value-types.ts';

const ALLOW = /^[a-z0-9-]{1,63}=[a-z0-9-]{1,63}(?:,[a-z0-9-]{1,63})*$/;

/** `--allow`. */
export const ALLOW_OPTION = {
  flag: 'allow',
  type: strings,
  default: [],
  help: 'PROFILE=NAMESPACE[,NAMESPACE...]: only pods of these namespaces may ask for the profile. May be given again; a profile that is not named is for all.',
  check: (values: readonly string[]): string | undefined => {
    const bad = values.find((value) => !ALLOW.test(value));
    return bad === undefined ? undefined : 'must be PROFILE=NAMESPACE[,NAMESPACE...]';
  },
} as const;

/** `['debug=dev,test']` -> the namespaces of each profile that is not for all. */
export function allowedNamespaces(values: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const allowed = new Map<string, Set<string>>();
  for (const value of values) {
    const [profile = '', namespaces = ''] = value.split('=');
    const known = allowed.get(profile) ?? new Set<string>();
    namespaces.split(',').forEach((namespace) => known.add(namespace));
    allowed.set(profile, known);
  }
  return allowed;
}
