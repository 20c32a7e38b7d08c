/** How the injector of a cluster was installed, read from its Deployment. Pure. */

import { resolveOptions } from '../../../core/options/resolve.ts';
import { type Json, listAt, memberAt, textAt } from '../../../kubernetes/json.ts';
import { type KubernetesVersion, NEWEST_KNOWN, parseVersion } from '../../../kubernetes/version.ts';
import { INJECTOR_OPTIONS } from '../options.ts';

export interface Installed {
  readonly image: string;
  readonly target: KubernetesVersion;
  readonly allow: readonly string[];
  readonly allowImage: readonly string[];
  /** Whether it looks through the pods of the cluster. */
  readonly scans: boolean;
  readonly profileLabel: string;
  /** ConfigMaps that are mounted: profiles of a folder. */
  readonly mounted: readonly string[];
  readonly secret: string;
}

/** The flags of its Deployment; the defaults where there is none, or where they cannot be read. */
export function installedAs(deployment: Json | undefined): Installed {
  const [container] = listAt(deployment, 'spec', 'template', 'spec', 'containers');
  const args = listAt(container, 'args').filter((each): each is string => typeof each === 'string');
  const argv = args[0] === 'injector' ? args.slice(1) : args;
  const { values } = readFlags(argv);
  return {
    image: values.image,
    target: parseVersion(values.kubernetes) ?? NEWEST_KNOWN,
    allow: values.allow,
    allowImage: values.allowImage,
    scans: values.scanPeriod > 0,
    profileLabel: values.profileLabel,
    mounted: listAt(deployment, 'spec', 'template', 'spec', 'volumes').flatMap((volume) => {
      const name = textAt(memberAt(volume, 'configMap'), 'name');
      return name === undefined ? [] : [name];
    }),
    secret: values.secret,
  };
}

function readFlags(argv: readonly string[]) {
  try {
    return resolveOptions(INJECTOR_OPTIONS, { argv, env: {} });
  } catch {
    // An injector of another version may have flags that this program does not know.
    return resolveOptions(INJECTOR_OPTIONS, { argv: [], env: {} });
  }
}
