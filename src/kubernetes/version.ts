/** Kubernetes versions, as far as features depend on them: 1.MINOR. */
export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
}

/** The newest version whose API this program was checked against. */
export const NEWEST_KNOWN: KubernetesVersion = { major: 1, minor: 37 };

/** Minor version from which a kubelet keeps an init container running that says so (KEP-753). */
export const NATIVE_SIDECARS = 29;

/** Reads `1.34`, `v1.34.2`, `1.29+`, `v1.33.5-gke.1200`; undefined for anything else. */
export function parseVersion(text: string): KubernetesVersion | undefined {
  const match = /^v?([0-9]{1,3})\.([0-9]{1,4})(?:[.+-][0-9A-Za-z.+-]{0,60})?$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

export function formatVersion(version: KubernetesVersion): string {
  return `${version.major}.${version.minor}`;
}

/** Whether `version` is `1.minor` or newer. */
export function atLeast(version: KubernetesVersion, minor: number): boolean {
  return version.major > 1 || (version.major === 1 && version.minor >= minor);
}
