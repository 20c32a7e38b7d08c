/** The cluster that the injector serves, as far as it may ask it. */
import type { Values } from '../../core/options/option.ts';
import type { Scope } from '../../core/process/run-process.ts';
import { type ApiClient, apiServerOfPod, createApiClient, namespaceOfPod } from '../../kubernetes/client.ts';
import type { INJECTOR_OPTIONS } from './options.ts';

export interface ClusterAccess {
  readonly client: ApiClient;
  /** The injector's own. */
  readonly namespace: string;
}

/** Undefined where there is no cluster, or no namespace in it: a certificate must be given then. */
export function clusterAccess(
  values: Pick<Values<typeof INJECTOR_OPTIONS>, 'namespace' | 'apiServer'>,
  { context, lifecycle }: Pick<Scope, 'context' | 'lifecycle'>,
): ClusterAccess | undefined {
  const namespace = values.namespace || namespaceOfPod();
  const isReachable = values.apiServer !== '' || Boolean(context.env['KUBERNETES_SERVICE_HOST']);
  if (namespace === undefined || !isReachable) {
    return undefined;
  }
  const server = values.apiServer === '' ? apiServerOfPod(context.env) : { url: values.apiServer };
  const client = createApiClient(server);
  lifecycle.onShutdown('connections to the API server', () => client.close());
  return { client, namespace };
}
