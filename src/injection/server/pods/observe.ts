/** The pods of the cluster with what the labels of their namespaces say, page by page. */
import type { ApiClient } from '../../../kubernetes/client.ts';
import { textAt } from '../../../kubernetes/json.ts';
import { pagesOf } from '../../../kubernetes/list.ts';
import { ASK } from '../../annotations.ts';
import type { ObservedPod } from './pod-state.ts';

const PAGE = 100;
/** A million pods: more than a cluster has. */
const MOST_PAGES = 10_000;

/** Throws as `pagesOf` does. */
export async function* observedPods(
  client: ApiClient,
  signal: AbortSignal,
): AsyncGenerator<readonly ObservedPod[]> {
  const defaults = await namespaceDefaults(client, signal);
  const path = `/api/v1/pods?fieldSelector=${encodeURIComponent('status.phase!=Succeeded,status.phase!=Failed')}`;
  for await (const pods of pagesOf(client, { path, pageSize: PAGE, maxPages: MOST_PAGES, signal })) {
    yield pods.map((pod) => {
      const namespace = textAt(pod, 'metadata', 'namespace') ?? '';
      return { pod, namespace, namespaceDefault: defaults.get(namespace) };
    });
  }
}

async function namespaceDefaults(client: ApiClient, signal: AbortSignal): Promise<Map<string, string>> {
  const defaults = new Map<string, string>();
  const path = `/api/v1/namespaces?labelSelector=${encodeURIComponent(ASK)}`;
  const pages = pagesOf(client, { path, pageSize: PAGE, maxPages: MOST_PAGES, metadataOnly: true, signal });
  for await (const namespaces of pages) {
    for (const namespace of namespaces) {
      const [name, profile] = [
        textAt(namespace, 'metadata', 'name'),
        textAt(namespace, 'metadata', 'labels', ASK),
      ];
      if (name !== undefined && profile !== undefined) {
        defaults.set(name, profile);
      }
    }
  }
  return defaults;
}
