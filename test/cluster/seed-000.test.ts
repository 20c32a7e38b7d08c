import { beforeAll, describe, expect, it } from 'vitest';
import type { GitRepository } from '../support/git-repository.ts';
import { waitFor } from '../support/wait-for.ts';
import { resolveName } from './support/dns.ts';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { createGitServer, type GitServer } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { httpGet, useNamespace } from './support/namespace.ts';
import { watchPage } from './support/page.ts';
import { endpointsOf, killContainer, podOf } from './support/workloads.ts';

// A service that renders templates from a git repository: the manifest of examples/000-templater as it stands. The tests
// are one story, in order: server down, server up, a push, a dead sidecar. A push may take its minute: that is the seed's.
const namespace = useNamespace('seed-000');
const APP = 'templater-service';
const IMPATIENT = 'templater-impatient';
const INIT = 'template-repository-setup';
const SIDECAR = 'git-sync-sidecar';
const FAILURES = 6;
const PAGE = '/folder1/foo?name=Ann';
let server: GitServer;
let repository: GitRepository;
let manifest: string;
let url: string;

beforeAll(async () => {
  const images = await provideTestImages();
  server = await createGitServer(namespace, images.gitServer);
  repository = await server.repository('foo/templater-templates');
  await repository.commit({
    'folder1/foo.md': '# Hello {{name}}\n',
    'folder2/folder2b/bar.md': 'Bar\n',
  });
  await namespace.apply([
    server.secret('templater-templates-ssh'),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: APP },
      spec: { selector: { app: APP }, ports: [{ port: 80 }] },
    },
  ]);
  manifest = await exampleManifest('000-templater/manifest.yaml', exampleImages(images));
  await namespace.apply(manifest);
  url = `http://${await namespace.get(`service/${APP}`, '.spec.clusterIP')}`;
});

/** The same again, with one second where the seed waits ten, and a git server that never comes up. */
async function impatient(): Promise<string> {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'nobody' } };
  await namespace.apply([{ ...service, spec: { selector: { app: 'nobody' }, ports: [{ port: 22 }] } }]);
  await resolveName('git.example.org', await namespace.get('service/nobody', '.spec.clusterIP'));
  return replaced(manifest, {
    [`name: ${APP}\n`]: `name: ${IMPATIENT}\n`,
    [`app: ${APP}\n`]: `app: ${IMPATIENT}\n`,
    'git@github.com:': 'git@git.example.org:',
    '"-wait=10"': '"-wait=1"',
  });
}

it('is not ready and gets no request while the git server is down', async () => {
  const told = async () => namespace.logs((await podOf(namespace, APP)).name, INIT);
  await waitFor(async () => (await told()).includes('will retry'), {
    what: 'the init container to fail',
    timeoutMs: 60_000,
    intervalMs: 300,
  });
  expect(await told()).toMatch(/Connection refused.*check the address and the network/);
  const pod = await podOf(namespace, APP);
  expect(pod.isReady).toBe(false);
  expect(pod.containers['service']?.state.waiting).toEqual({ reason: 'PodInitializing' });
  expect(await endpointsOf(namespace, APP)).toEqual([]);
  expect((await httpGet(url + PAGE)).status).toBe(0);
});

it('gets ready when the git server comes up, and renders the right page', async () => {
  await server.up();
  await namespace.waitFor(`deployment/${APP}`, { until: 'condition=Available' });
  await waitFor(async () => (await httpGet(url + PAGE)).status === 200, { what: 'the page' });
  expect((await httpGet(url + PAGE)).body).toContain('<h1>Hello Ann</h1>');
  const pod = await podOf(namespace, APP);
  expect(await endpointsOf(namespace, APP)).toEqual([pod.ip]);
  const hash = await repository.hash('master');
  const listing = await namespace.exec(pod.name, 'service', ['ls', '-l', '/templates']);
  expect(listing).toMatch(new RegExp(`lrwxrwxrwx .* from-github -> rev-${hash}\ndrwxr-sr-x .* rev-${hash}$`));
});

/** Seconds of the day in a line of glog: `E1121 06:24:23.190991 ...`. */
function secondsOf(line = ''): number {
  const [, hours, minutes, seconds] = /^\w\d{4} (\d\d):(\d\d):([\d.]+)/.exec(line) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

// Side by side: both are mostly waiting.
describe.concurrent('then', () => {
  it('tolerates six failures in the init container and ends it at the seventh, after six waits', async () => {
    await namespace.apply(await impatient());
    const { pod, end } = await waitFor(
      async () => {
        const now = await podOf(namespace, IMPATIENT);
        const container = now.containers[INIT];
        const terminated = container?.state.terminated ?? container?.lastState.terminated;
        return terminated && { pod: now, end: terminated };
      },
      { what: 'the init container to give up', timeoutMs: 60_000, intervalMs: 300 },
    );
    const log = (await namespace.logs(pod.name, INIT)).split('\n');
    const failures = log.filter((line) => line.includes('Connection refused'));
    expect(failures).toHaveLength(FAILURES + 1);
    expect(failures.at(-1)).toContain('too many failures, aborting');
    expect(failures.filter((line) => line.includes('will retry'))).toHaveLength(FAILURES);
    expect(end.exitCode).toBe(1);
    expect(secondsOf(failures.at(-1)) - secondsOf(failures[0])).toBeGreaterThanOrEqual(FAILURES);
    await namespace.kubectl(['delete', `deployment/${IMPATIENT}`, '--wait=false']);
  });

  it('shows a push within its minute', async () => {
    await repository.commit({ 'folder1/foo.md': '# Hello again, {{name}}\n' });
    await waitFor(async () => (await httpGet(url + PAGE)).body.includes('<h1>Hello again, Ann</h1>'), {
      what: 'the pushed page',
      timeoutMs: 90_000,
      intervalMs: 500,
    });
  });
});

it('keeps the page when the sidecar is killed while the git server is away', async () => {
  await server.down();
  const before = await podOf(namespace, APP);
  // From the pod itself: while a container of a pod is down, Kubernetes takes the whole pod out of the Service.
  const page = watchPage(`http://${before.ip}${PAGE}`);
  await killContainer(before, SIDECAR);
  await waitFor(
    async () => {
      const { name, containers } = await podOf(namespace, APP);
      return (
        containers[SIDECAR]?.restartCount === 1 &&
        (await namespace.logs(name, SIDECAR)).includes('Connection refused')
      );
    },
    { what: 'the new sidecar to fail at the git server', timeoutMs: 60_000, intervalMs: 300 },
  );
  const { answers, wrong } = await page.stop((answer) => answer.body.includes('<h1>Hello again, Ann</h1>'));
  expect(wrong).toEqual([]);
  expect(answers).toBeGreaterThan(5);
});
