import { SYSTEM_NAMESPACES } from '../kubernetes/system-namespaces.ts';
import { atLeast, type KubernetesVersion, NATIVE_SIDECARS } from '../kubernetes/version.ts';
import type { InjectionSettings } from './engine/decision.ts';
import { allowedImages } from './images/allowed.ts';

export interface ClusterOf {
  readonly image: string;
  readonly target: KubernetesVersion;
  readonly allowImage: readonly string[];
}

/** What follows from the version of a cluster; which profiles there are, and for whom, is said elsewhere. */
export function clusterSettings({
  image,
  target,
  allowImage,
}: ClusterOf): Omit<InjectionSettings, 'profiles' | 'isAllowed'> {
  return {
    image,
    target,
    nativeSidecars: atLeast(target, NATIVE_SIDECARS),
    systemNamespaces: SYSTEM_NAMESPACES,
    images: allowedImages(allowImage),
  };
}
