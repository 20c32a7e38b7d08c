import type { KubernetesVersion } from '../../kubernetes/version.ts';
import type { Cel } from '../cel.ts';
import type { AllowedImages } from '../images/allowed.ts';
import type { Profiles } from '../profiles/profile.ts';

/** What the policies are made of; all of it is in their text, so that they need no parameters. */
export interface PolicySettings {
  readonly profiles: Profiles;
  readonly image: string;
  readonly target: KubernetesVersion;
  /** Written into the record of each pod. */
  readonly version: string;
  readonly systemNamespaces: ReadonlySet<string>;
  /** The namespaces of each profile that is not for all. */
  readonly allowed: ReadonlyMap<string, ReadonlySet<string>>;
  /** Which images may be put into pods. */
  readonly images: AllowedImages;
}

/** An expression with a name, which later ones refer to as `variables.NAME`; asked only when it is needed, and once. */
export interface Variable {
  readonly name: string;
  readonly expression: Cel;
}

/** A profile's own variable: the dashes of its name are no part of an identifier, and it has no underscores. */
export function profileVariable(prefix: string, profile: string): string {
  return `${prefix}_${profile.replaceAll('-', '_')}`;
}
