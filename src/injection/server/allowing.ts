/** Which namespaces may use which profile. Pure. */
import { allowedNamespaces } from '../allow.ts';
import type { Profiles } from '../profiles/profile.ts';

/** Both have to allow it: whoever installs the injector (`--allow`), and whoever writes the profile. */
export function allowing(
  allow: readonly string[],
  profiles: () => Profiles,
): (profile: string, namespace: string) => boolean {
  const allowed = allowedNamespaces(allow);
  return (profile, namespace) =>
    (allowed.get(profile)?.has(namespace) ?? true) &&
    (profiles().get(profile)?.namespaces?.has(namespace) ?? true);
}
