import { beforeAll, expect, it } from 'vitest';
import type { GitRepository } from '../support/git-repository.ts';
import { waitFor } from '../support/wait-for.ts';
import { exampleImages, exampleManifest } from './support/examples.ts';
import { createGitServer, type GitServer } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { httpGet, type TestNamespace, useNamespace } from './support/namespace.ts';
import { watchPage } from './support/page.ts';
import { killContainer, podsOf } from './support/workloads.ts';

// The same two applications as we would write them today: examples/*/today.yaml, where Pod Security is "restricted".
const aside = useNamespace('today-git');
const SIDECAR = 'git-sync';

interface Story {
  readonly namespace: TestNamespace;
  readonly app: string;
  readonly container: string;
  readonly example: string;
  readonly secret: string;
  readonly repository: string;
  readonly file: string;
  readonly path: string;
}

const templater: Story = {
  namespace: useNamespace('today-000', { podSecurity: 'restricted' }),
  app: 'templater-service',
  container: 'service',
  example: '000-templater',
  secret: 'templater-templates-ssh',
  repository: 'foo/templater-templates',
  file: 'folder1/foo.md',
  path: '/folder1/foo',
};
const web: Story = {
  namespace: useNamespace('today-001', { podSecurity: 'restricted' }),
  app: 'git-sync-demo',
  container: 'nginx',
  example: '001-nginx-git-sync',
  secret: 'git-creds',
  repository: 'ddiiwoong/git-sync-demo',
  file: 'index.html',
  path: '/',
};
const stories = [templater, web];
const repositories = new Map<Story, GitRepository>();
let server: GitServer;

async function deploy({ namespace, secret, example }: Story): Promise<void> {
  const images = exampleImages(await provideTestImages());
  await namespace.apply([server.secret(secret)]);
  await namespace.apply(await exampleManifest(`${example}/today.yaml`, images));
}

beforeAll(async () => {
  server = await createGitServer(aside, (await provideTestImages()).gitServer);
  for (const story of stories) {
    const repository = await server.repository(story.repository);
    await repository.commit({ [story.file]: 'version one\n' });
    repositories.set(story, repository);
  }
  await Promise.all(stories.map(deploy));
});

/** Until every pod of the application answers with this text, asked directly. */
async function shown({ namespace, app, path }: Story, text: string): Promise<void> {
  for (const { name, ip } of await podsOf(namespace, app)) {
    await waitFor(async () => (await httpGet(`http://${ip}:8080${path}`)).body.includes(text), {
      what: `${text} from ${name}`,
      intervalMs: 200,
      timeoutMs: 240_000,
    });
  }
}

it('starts no application while the git server is down: the startup probe of the sidecar holds it back', async () => {
  for (const { namespace, app, container } of stories) {
    const [pod] = await waitFor(
      async () => {
        const pods = await podsOf(namespace, app);
        return (
          pods.length === 2 && pods.every(({ containers }) => containers[SIDECAR]?.state.running) && pods
        );
      },
      { what: `the sidecars of ${app}`, timeoutMs: 240_000, intervalMs: 200 },
    );
    const name = pod?.name ?? '';
    await waitFor(async () => (await namespace.logs(name, SIDECAR)).includes('Connection refused'), {
      what: 'the sidecar to fail at the git server',
      timeoutMs: 240_000,
      intervalMs: 200,
    });
    expect(await namespace.logs(name, SIDECAR)).toContain('check the address and the network');
    expect(pod?.containers[SIDECAR]?.started).toBe(false);
    expect(pod?.containers[container]?.state.waiting).toEqual({ reason: 'PodInitializing' });
  }
});

it('gets ready when the git server comes up, and has the page in every pod', async () => {
  await server.up();
  for (const story of stories) {
    const until = 'jsonpath={.status.availableReplicas}=2';
    await story.namespace.waitFor(`deployment/${story.app}`, { until });
    await shown(story, 'version one');
  }
});

/** Kills a sidecar and sees it fail at the git server; the page must be right all the time, and the pod Ready again. */
async function survivesItsSidecar({ namespace, app, container, path }: Story): Promise<void> {
  const [victim] = await podsOf(namespace, app);
  if (victim === undefined) {
    throw new Error(`${app} has no pod`);
  }
  const page = watchPage(`http://${victim.ip}:8080${path}`);
  await killContainer(victim, SIDECAR);
  const after = await waitFor(
    async () => {
      const pod = (await podsOf(namespace, app)).find(({ name }) => name === victim.name);
      const isBack = pod?.containers[SIDECAR]?.restartCount === 1 && pod.isReady;
      return isBack && (await namespace.logs(victim.name, SIDECAR)).includes('Connection refused') && pod;
    },
    { what: 'the pod to be Ready again', timeoutMs: 240_000, intervalMs: 300 },
  );
  const { wrong } = await page.stop(({ body }) => body.includes('version one'));
  expect(wrong).toEqual([]);
  expect(after.containers[container]?.restartCount).toBe(0);
}

it('keeps the page, and the pod Ready, when a sidecar is killed while the git server is away', async () => {
  await server.down();
  await Promise.all(stories.map(survivesItsSidecar));
  await server.up();
});

it('shows a push in every pod', async () => {
  await Promise.all(
    stories.map(async (story) => {
      await repositories.get(story)?.commit({ [story.file]: 'version two\n' });
      await shown(story, 'version two');
    }),
  );
});
