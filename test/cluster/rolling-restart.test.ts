import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { exampleImages, exampleManifest } from './support/examples.ts';
import { createGitServer, type GitServer, withRepositoriesAt } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { httpGet, useNamespace } from './support/namespace.ts';
import { startRequests } from './support/requests.ts';
import { type PodState, podsOf } from './support/workloads.ts';

// The Deployment of examples/000-templater/today.yaml is restarted under load, and for a while the git server is away.
const namespace = useNamespace('rolling', { podSecurity: 'restricted' });
const aside = useNamespace('rolling-git');
const HOST = 'rolling.example.net';
const APP = 'templater-service';
const PAGE = '/folder1/foo';
const TEXT = '<h1>Hello</h1>';
const PATIENT = { timeoutMs: 240_000, intervalMs: 200 } as const;
let server: GitServer;

beforeAll(async () => {
  const images = await provideTestImages();
  server = await createGitServer(aside, images.gitServer, { host: HOST });
  const repository = await server.repository('foo/templater-templates');
  await repository.commit({ 'folder1/foo.md': '# Hello\n' });
  await server.up();
  await namespace.apply([server.secret('templater-templates-ssh')]);
  await namespace.apply(
    withRepositoriesAt(HOST, await exampleManifest('000-templater/today.yaml', exampleImages(images))),
  );
  await namespace.waitFor(`deployment/${APP}`, { until: 'jsonpath={.status.availableReplicas}=2' });
});

/** Asks each pod for the page at the moment it is seen to be Ready for the first time. */
function watchReadiness(): { stop(): Promise<ReadonlyMap<string, boolean>> } {
  const hadPage = new Map<string, boolean>();
  const over = new AbortController();
  const askNew = async ({ name, ip, isReady }: PodState) => {
    if (isReady && !hadPage.has(name)) {
      hadPage.set(name, (await httpGet(`http://${ip}:8080${PAGE}`)).body.includes(TEXT));
    }
  };
  const watching = (async () => {
    while (!over.signal.aborted) {
      await Promise.all((await podsOf(namespace, APP)).map(askNew));
      await delay(100);
    }
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return hadPage;
    },
  };
}

it('answers every request during a rolling restart, and no pod is Ready without its templates', async () => {
  const url = `http://${APP}.${namespace.name}${PAGE}`;
  await waitFor(
    async () =>
      (await httpGet(`http://${await namespace.get(`service/${APP}`, '.spec.clusterIP')}${PAGE}`)).status ===
      200,
    { what: 'the page from the Service', ...PATIENT },
  );
  const old = (await podsOf(namespace, APP)).map(({ name }) => name);
  const requests = await startRequests(namespace, url, TEXT);
  const readiness = watchReadiness();

  await server.down();
  await namespace.kubectl(['rollout', 'restart', `deployment/${APP}`]);
  const waiting = await waitFor(
    async () => {
      const pod = (await podsOf(namespace, APP)).find(({ name }) => !old.includes(name));
      return pod?.containers['git-sync']?.state.running && pod;
    },
    { what: 'a new sidecar', ...PATIENT },
  );
  await waitFor(async () => (await namespace.logs(waiting.name, 'git-sync')).includes('Connection refused'), {
    what: 'the new sidecar to fail at the git server',
    ...PATIENT,
  });
  const stuck = (await podsOf(namespace, APP)).find(({ name }) => name === waiting.name);
  expect(stuck?.isReady).toBe(false);
  expect(stuck?.containers['service']?.state.waiting).toEqual({ reason: 'PodInitializing' });

  await server.up();
  await namespace.kubectl(['rollout', 'status', `deployment/${APP}`, '--timeout=300s']);
  await namespace.waitFor(`pod/${old[0]}`, { until: 'delete' });
  await namespace.waitFor(`pod/${old[1]}`, { until: 'delete' });
  const hadPage = await readiness.stop();
  const { count, slowestMs, failures } = await requests.stop();
  console.log(
    `rolling restart: ${count} requests, ${failures.length} failed, the slowest took ${slowestMs} ms`,
  );
  expect(failures).toEqual([]);
  expect(count).toBeGreaterThan(200);
  expect(hadPage.size).toBe(4);
  expect([...hadPage.values()].every(Boolean)).toBe(true);
});
