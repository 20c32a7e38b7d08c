import type { Parameter } from '../parameters/parameter.ts';
import type { Conditional, Template } from './template.ts';

/**
 * Where among the init containers: `first` ahead of everything; `before` the application's own, but behind sidecars that
 * lead the list (a service mesh); `after` all of them.
 */
export type Phase = 'first' | 'before' | 'after';

/** `sidecar` runs next to the application, `init` ends before it starts. */
export type Role = 'sidecar' | 'init';

/** What can be put into a pod, parsed and checked. */
export interface Profile {
  readonly name: string;
  readonly description: string;
  /** Where it comes from, for people: `built in`, a file, a ConfigMap. */
  readonly origin: string;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly phase: Phase;
  readonly role: Role;
  readonly container: Template | undefined;
  /** How the container runs to its end once: for clusters without native sidecars. */
  readonly once: { readonly command: Template | undefined; readonly args: Template | undefined } | undefined;
  readonly volumes: readonly Conditional<Template>[];
  /** Mounts and variables for the application's containers. */
  readonly mounts: readonly Conditional<Template>[];
  readonly env: readonly Conditional<Template>[];
  /** Whether the application's init containers get mounts and variables too. */
  readonly into: 'containers' | 'all';
  readonly labels: readonly (Conditional<Template> & { readonly key: string })[];
  readonly annotations: readonly (Conditional<Template> & { readonly key: string })[];
  /** Whether the container may have the API token of the pod's service account. */
  readonly apiToken: boolean;
  /** The only namespaces whose pods may ask for it, where its source says so. */
  readonly namespaces?: ReadonlySet<string> | undefined;
  /** The profile as JSON, what its hash is made of. */
  readonly source: string;
}

/** Profiles by name. */
export type Profiles = ReadonlyMap<string, Profile>;
