import { readFile } from 'node:fs/promises';
import type { TestNamespace } from './namespace.ts';
import { restrictedPod } from './pods.ts';

const NAME = 'requests';

export interface RequestsReport {
  readonly count: number;
  readonly slowestMs: number;
  /** The first failed requests. */
  readonly failures: readonly { readonly at: string; readonly what: string }[];
}

/** A pod that asks for a page without a pause, until it is stopped. */
export interface Requests {
  stop(): Promise<RequestsReport>;
}

/** Starts requests from a pod: about 100 a second, each on a connection of its own. The page must have this text. */
export async function startRequests(namespace: TestNamespace, url: string, text: string): Promise<Requests> {
  const program = await readFile(new URL('pod-programs/requests.ts', import.meta.url), 'utf8');
  const pod = restrictedPod({ name: NAME, command: ['node', '/programs/requests.ts', url, text] });
  const [container] = pod.spec.containers;
  const volumeMounts = [{ name: 'programs', mountPath: '/programs', readOnly: true }];
  await namespace.apply([
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data: { 'requests.ts': program } },
    {
      ...pod,
      spec: {
        ...pod.spec,
        containers: [{ ...container, volumeMounts }],
        volumes: [{ name: 'programs', configMap: { name: NAME } }],
      },
    },
  ]);
  await namespace.waitFor(`pod/${NAME}`, { until: 'condition=Ready' });
  return {
    async stop() {
      // node is PID 1 there: it gets the signal, because it has a handler for it.
      await namespace.exec(NAME, 'main', ['bash', '-c', 'kill -TERM 1']);
      await namespace.waitFor(`pod/${NAME}`, { until: 'jsonpath={.status.phase}=Succeeded' });
      return JSON.parse((await namespace.logs(NAME)).split('\n').at(-1) ?? '') as RequestsReport;
    },
  };
}
