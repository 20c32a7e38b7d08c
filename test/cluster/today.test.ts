import { beforeAll, describe, expect, it } from 'vitest';
import type { GitRepository } from '../support/git-repository.ts';
import { pseudoRandomBytes } from '../support/large-repository.ts';
import { waitFor } from '../support/wait-for.ts';
import { exampleImages, exampleManifest, replaced } from './support/examples.ts';
import { createGitServer, type GitServer } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { watchMemory } from './support/memory.ts';
import { httpGet, type TestNamespace, useNamespace } from './support/namespace.ts';
import { watchPage } from './support/page.ts';
import { killContainer, podsOf } from './support/workloads.ts';

// The same two applications as we would write them today: examples/*/today.yaml, where Pod Security is "restricted".
const aside = useNamespace('today-git');
const SIDECAR = 'git-sync';
const MEMORY_LIMIT = 64 * 2 ** 20;
const MIB = 2 ** 20;

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
const large: Story = {
  ...web,
  namespace: useNamespace('today-100mb', { podSecurity: 'restricted' }),
  repository: 'ddiiwoong/large',
};
const stories = [templater, web];
const repositories = new Map<Story, GitRepository>();
let server: GitServer;

async function deploy(story: Story, changes: Readonly<Record<string, string>>): Promise<void> {
  const { namespace, secret, example } = story;
  const images = exampleImages(await provideTestImages());
  await namespace.apply([server.secret(secret)]);
  await namespace.apply(replaced(await exampleManifest(`${example}/today.yaml`, images), changes));
}

beforeAll(async () => {
  server = await createGitServer(aside, (await provideTestImages()).gitServer);
  for (const story of [...stories, large]) {
    const repository = await server.repository(story.repository);
    await repository.commit({ [story.file]: 'version one\n' });
    repositories.set(story, repository);
  }
  await Promise.all(stories.map(async (story) => deploy(story, {})));
});

/** Until every pod of the application answers with this text, asked directly. */
async function shown({ namespace, app, path }: Story, text: string): Promise<void> {
  for (const { name, ip } of await podsOf(namespace, app)) {
    await waitFor(async () => (await httpGet(`http://${ip}:8080${path}`)).body.includes(text), {
      what: `${text} from ${name}`,
      intervalMs: 200,
      timeoutMs: 40_000,
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
      { what: `the sidecars of ${app}`, timeoutMs: 60_000, intervalMs: 200 },
    );
    const name = pod?.name ?? '';
    await waitFor(async () => (await namespace.logs(name, SIDECAR)).includes('Connection refused'), {
      what: 'the sidecar to fail at the git server',
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
    { what: 'the pod to be Ready again', timeoutMs: 60_000, intervalMs: 300 },
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

function randomFiles(from: number, to: number, bytes: number): Record<string, Uint8Array> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  return Object.fromEntries(
    numbers.map((number) => [`data/${number}.bin`, pseudoRandomBytes(bytes, number)]),
  );
}

// Side by side: the first is mostly waiting.
describe.concurrent('then', () => {
  it('shows a push in every pod', async () => {
    await Promise.all(
      stories.map(async (story) => {
        await repositories.get(story)?.commit({ [story.file]: 'version two\n' });
        await shown(story, 'version two');
      }),
    );
  });

  it('syncs a repository of 100 MB within 64 MiB, at the start and after a push', async () => {
    const { namespace, app } = large;
    const big = repositories.get(large);
    await big?.commit({ ...randomFiles(0, 600, 100_000), ...randomFiles(600, 604, 10_000_000) });
    await deploy(large, { [web.repository]: large.repository, 'replicas: 2': 'replicas: 1' });
    const pod = await waitFor(async () => (await podsOf(namespace, app))[0]?.name, { what: 'the pod' });
    const memory = watchMemory(namespace, pod, SIDECAR);
    await namespace.waitFor(`deployment/${app}`, { until: 'condition=Available', timeoutSeconds: 120 });
    await shown(large, 'version one');
    await big?.commit({ ...randomFiles(1000, 1200, 100_000), 'index.html': 'version two\n' });
    await shown(large, 'version two');
    const { peakBytes, anonymousBytes, oomKills } = await memory.stop();
    console.log(
      `100 MB in 64 MiB: at most ${(anonymousBytes / MIB).toFixed(1)} MiB of its own memory, ` +
        `${(peakBytes / MIB).toFixed(1)} MiB with page cache`,
    );
    expect(oomKills).toBe(0);
    expect(peakBytes).toBeLessThanOrEqual(MEMORY_LIMIT);
    expect(anonymousBytes).toBeGreaterThan(0);
    const [after] = await podsOf(namespace, app);
    expect(after?.containers[SIDECAR]?.restartCount).toBe(0);
    expect(after?.containers[SIDECAR]?.lastState).toEqual({});
    expect(await namespace.get(`pod/${pod}`, '.spec.initContainers[0].resources.limits.memory')).toBe('64Mi');
  });
});
