/** Where profiles of one's own come from: folders, and ConfigMaps of the injector's namespace. */
import { untilAborted } from '../../../core/until-aborted.ts';
import type { ApiClient } from '../../../kubernetes/client.ts';
import { listAll } from '../../../kubernetes/list.ts';
import { readProfileFiles } from '../../cli/input.ts';
import type { ProfileText } from '../../profiles/merge.ts';
import { profileTexts } from './config-maps.ts';

export interface ProfileSource {
  /** For people. */
  readonly name: string;
  /** Without it at the start the server does not start. */
  readonly isRequired: boolean;
  /** Whether a replica is ready without it, given why it could not be read. */
  isOptional(failure: string | undefined): boolean;
  /** Everything that is there now. Rejects with a PillionError when that cannot be told. */
  read(signal: AbortSignal): Promise<readonly ProfileText[]>;
}

/** Files and folders, as of a Secret or ConfigMap that is mounted and changes as a whole. */
export function folderSource(cwd: string, names: readonly string[]): ProfileSource {
  return {
    name: names.join(', '),
    isRequired: true,
    isOptional: () => false,
    read: (signal) => untilAborted(readProfileFiles(cwd, names), signal),
  };
}

export interface ConfigMapsOf {
  readonly namespace: string;
  /** A label selector. */
  readonly selector: string;
}

export function configMapSource(client: ApiClient, { namespace, selector }: ConfigMapsOf): ProfileSource {
  const path = `/api/v1/namespaces/${namespace}/configmaps?labelSelector=${encodeURIComponent(selector)}`;
  return {
    name: `ConfigMaps with the label ${selector} in ${namespace}`,
    isRequired: false,
    // Roles of an older manifest do not allow it: what worked before must go on working.
    isOptional: (failure) => failure?.includes(' 403') === true,
    read: async (signal) => profileTexts(await listAll(client, path, signal)),
  };
}
