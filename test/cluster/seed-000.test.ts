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
const DAY = 24 * 60 * 60;
const PATIENT = { timeoutMs: 240_000, intervalMs: 300 } as const;
const PAGE = '/folder1/foo?name=Ann';
let server: GitServer;
let repository: GitRepository;
let manifest: string;
let url: string;

function service(app: string, port: number) {
  const spec = { selector: { app }, ports: [{ port }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: app }, spec };
}

beforeAll(async () => {
  const images = await provideTestImages();
  server = await createGitServer(namespace, images.gitServer);
  repository = await server.repository('foo/templater-templates');
  await repository.commit({
    'folder1/foo.md': '# Hello {{name}}\n',
    'folder2/folder2b/bar.md': 'Bar\n',
  });
  await namespace.apply([server.secret('templater-templates-ssh'), service(APP, 80), service('nobody', 22)]);
  await resolveName('git.example.org', await namespace.get('service/nobody', '.spec.clusterIP'));
  manifest = await exampleManifest('000-templater/manifest.yaml', exampleImages(images));
  await namespace.apply(manifest);
  url = `http://${await namespace.get(`service/${APP}`, '.spec.clusterIP')}`;
});

/** The same again, with one second where the seed waits ten, and a git server that never comes up. */
function impatient(): string {
  return replaced(manifest, {
    [`name: ${APP}\n`]: `name: ${IMPATIENT}\n`,
    [`app: ${APP}\n`]: `app: ${IMPATIENT}\n`,
    'git@github.com:': 'git@git.example.org:',
    '"-wait=10"': '"-wait=1"',
  });
}

it('is not ready and gets no request while the git server is down', async () => {
  const said = /will retry.*Connection refused.*check the address and the network/;
  const told = async () => namespace.logs((await podOf(namespace, APP)).name, INIT);
  await waitFor(async () => said.test(await told()), { what: 'the init container to fail', ...PATIENT });
  const pod = await podOf(namespace, APP);
  expect(pod.isReady).toBe(false);
  expect(pod.containers['service']?.state.waiting).toEqual({ reason: 'PodInitializing' });
  expect(await endpointsOf(namespace, APP)).toEqual([]);
  expect((await httpGet(url + PAGE)).status).toBe(0);
});

it('gets ready when the git server comes up, and renders the right page', async () => {
  await server.up();
  // An init container that gave up in the meantime is started again later and later.
  await namespace.waitFor(`deployment/${APP}`, { until: 'condition=Available', timeoutSeconds: 400 });
  await waitFor(async () => (await httpGet(url + PAGE)).status === 200, { what: 'the page', ...PATIENT });
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

/** The log of an init container that has given up, from its first line; the next one may be running already. */
async function wholeLogOfImpatient(): Promise<string | undefined> {
  const { name } = await podOf(namespace, IMPATIENT);
  for (const isPrevious of [false, true]) {
    const text = await namespace.logs(name, INIT, { isPrevious }).catch(() => '');
    if (text.includes('too many failures')) {
      return text;
    }
  }
  return undefined;
}

// Side by side: both are mostly waiting.
describe.concurrent('then', () => {
  it('tolerates six failures in the init container and ends it at the seventh, after six waits', async () => {
    await namespace.apply(impatient());
    const log = await waitFor(wholeLogOfImpatient, { what: 'the init container to give up', ...PATIENT });
    const failures = log.split('\n').filter((line) => /will retry|too many failures/.test(line));
    expect(failures).toHaveLength(FAILURES + 1);
    expect(failures.at(-1)).toMatch(/too many failures, aborting.*Connection refused/);
    const seconds = secondsOf(failures.at(-1)) - secondsOf(failures[0]);
    expect((seconds + DAY) % DAY).toBeGreaterThanOrEqual(FAILURES);
    const end = await waitFor(
      async () => {
        const container = (await podOf(namespace, IMPATIENT)).containers[INIT];
        return container?.state.terminated ?? container?.lastState.terminated;
      },
      { what: 'the state of the ended container', ...PATIENT },
    );
    expect(end.exitCode).toBe(1);
    await namespace.kubectl(['delete', `deployment/${IMPATIENT}`, '--wait=false']);
  });

  it('shows a push within its minute', async () => {
    await repository.commit({ 'folder1/foo.md': '# Hello again, {{name}}\n' });
    await waitFor(async () => (await httpGet(url + PAGE)).body.includes('<h1>Hello again, Ann</h1>'), {
      what: 'the pushed page',
      ...PATIENT,
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
    { what: 'the new sidecar to fail at the git server', ...PATIENT },
  );
  const { answers, wrong } = await page.stop((answer) => answer.body.includes('<h1>Hello again, Ann</h1>'));
  expect(wrong).toEqual([]);
  expect(answers).toBeGreaterThan(1);
});
