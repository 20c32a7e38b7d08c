import type { Json } from '../../kubernetes/json.ts';
import type { KubernetesVersion } from '../../kubernetes/version.ts';
import type { AllowedImages } from '../images/allowed.ts';
import type { Profiles } from '../profiles/profile.ts';
import type { PatchOperation } from './json-patch.ts';

/** Why a pod was changed, left alone or refused. Stable: logs, metrics, audit annotations and Events carry it. */
export type Reason =
  /** Changed. */
  | 'injected'
  | 'repaired'
  /** Left alone. */
  | 'not-asked'
  | 'opted-out'
  | 'already-injected'
  | 'injected-by-another-version'
  | 'not-a-creation'
  | 'not-a-pod'
  | 'system-namespace'
  | 'mirror-pod'
  | 'windows'
  | 'host-network'
  /** Refused. */
  | 'bad-pod'
  | 'bad-ask'
  | 'unknown-profile'
  | 'profile-not-allowed'
  | 'image-not-allowed'
  | 'unknown-parameter'
  | 'missing-parameter'
  | 'bad-value'
  | 'unknown-container'
  | 'name-clash'
  | 'volume-clash'
  | 'mount-clash'
  | 'port-clash'
  | 'unknown-volume'
  | 'pod-resources'
  | 'needs-native-sidecars'
  | 'needs-newer-kubernetes'
  | 'mixed-versions'
  | 'internal';

/** A request that cannot be met: the reason, and a sentence with key, value and what would be right. */
export interface Refusal {
  readonly reason: Reason;
  readonly message: string;
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'reason' in value && 'message' in value;
}

export interface InjectionRequest {
  readonly pod: Json;
  /** The namespace of the request: the object's own field may be empty. */
  readonly namespace: string;
  /** CREATE unless this is a review of something else. */
  readonly operation?: string | undefined;
  readonly subResource?: string | undefined;
  /** Of the object: Pod unless this is a review of something else. */
  readonly kind?: string | undefined;
  /** The profile that the namespace's label names. */
  readonly namespaceDefault?: string | undefined;
}

export interface InjectionSettings {
  readonly profiles: Profiles;
  readonly image: string;
  readonly target: KubernetesVersion;
  /** Whether every node of the cluster knows init containers that restart. */
  readonly nativeSidecars: boolean;
  readonly systemNamespaces: ReadonlySet<string>;
  /** Whether pods of a namespace may use a profile. */
  isAllowed(profile: string, namespace: string): boolean;
  /** Which images may be put into pods. */
  readonly images: AllowedImages;
}

export interface InstanceOutcome {
  readonly instance: string;
  readonly profile: string;
  readonly hash: string;
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
}

export interface Decision {
  readonly outcome: 'changed' | 'unchanged' | 'refused';
  readonly reason: Reason;
  /** For a refusal: what is wrong. Otherwise what was done or why not, in short. */
  readonly message: string;
  readonly warnings: readonly string[];
  readonly patch: readonly PatchOperation[];
  /** The pod as it will be. */
  readonly pod: Json;
  readonly instances: readonly InstanceOutcome[];
}
