import type { KubernetesVersion } from '../../../kubernetes/version.ts';

/** What the manifest is made of. */
export interface ManifestSettings {
  readonly namespace: string;
  readonly image: string;
  readonly imagePullPolicy: 'IfNotPresent' | 'Never' | 'Always';
  readonly replicas: number;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly target: KubernetesVersion;
  /** Profiles that a label on a namespace may name. */
  readonly namespaceProfiles: readonly string[];
  /** Whether it may look through the pods of the cluster. */
  readonly scan: boolean;
  /** More flags for the injector. */
  readonly args: readonly string[];
  /** ConfigMap with profiles of one's own, in the namespace. */
  readonly profilesConfigMap: string;
}

/** The one name of everything. */
export const NAME = 'pillion-injector';
/** The Secret with the certificate authority. */
export const CA_SECRET = `${NAME}-ca`;
export const WEBHOOK_PORT = 8443;
export const HTTP_PORT = 8080;
export const LABELS = { 'app.kubernetes.io/name': NAME } as const;
/**
 * For glibc: V8's compilers take and give back pieces of 32 KiB, which otherwise leave 25 MiB of holes behind. Can only be
 * said before the process starts.
 */
export const ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: '32768' } as const;
