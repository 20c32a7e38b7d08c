import { afterAll, beforeAll, expect, it } from 'vitest';
import { RECORD } from '../../src/injection/annotations.ts';
import { decide } from '../../src/injection/engine/decide.ts';
import { applyPatch } from '../../src/injection/engine/json-patch.ts';
import { podState } from '../../src/injection/server/pods/pod-state.ts';
import { testSettings } from '../../src/injection/testing/settings.ts';
import { type Json, type JsonMap, listAt, memberAt, textAt } from '../../src/kubernetes/json.ts';
import { dryRun } from './support/api.ts';
import { imageUnderTest, KUBERNETES_MINOR } from './support/environment.ts';
import { createGitServer } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { ASKS_FOR_PAGES, HOST, pod } from './support/injected-pods.ts';
import { type Installation, install } from './support/install.ts';
import { httpGet, TestNamespace, useNamespace } from './support/namespace.ts';
import { helperNames } from './support/other-injection.ts';
import { type OtherInjector, type Registration, startOtherInjector } from './support/other-injector.ts';
import { sendable } from './support/settled-pods.ts';

// Somebody else's webhook changes the same pods: asked before ours and after it, once more after a change and never.
const namespace = useNamespace('others', { podSecurity: 'restricted' });
const aside = useNamespace('others-aside');
const injector = new TestNamespace('pillion');
const settings = testSettings({
  image: imageUnderTest(),
  target: { major: 1, minor: KUBERNETES_MINOR },
});
const OURS = 'pillion-injector';
const SIDECAR = 'pillion-git-sync';
/** The API server asks once, and at most once more. */
const MOST_REVIEWS = 2;

type Policy = Registration['reinvocationPolicy'];
const helper = (place: 'early' | 'late', reinvocationPolicy: Policy, app: string): Registration => ({
  name: `${place === 'early' ? 'a' : 'z'}-${app}-${place}`,
  path: `/helper/${place}`,
  reinvocationPolicy,
  app,
});
const CASES = [
  { app: 'before-never', others: [helper('early', 'Never', 'before-never')] },
  { app: 'before-if-needed', others: [helper('early', 'IfNeeded', 'before-if-needed')] },
  { app: 'after-never', others: [helper('late', 'Never', 'after-never')] },
  { app: 'after-if-needed', others: [helper('late', 'IfNeeded', 'after-if-needed')] },
  {
    app: 'around',
    others: [helper('early', 'IfNeeded', 'around'), helper('late', 'IfNeeded', 'around')],
  },
] as const;
let installed: Installation | undefined;
let other: OtherInjector | undefined;

beforeAll(async () => {
  const images = await provideTestImages();
  const server = await createGitServer(aside, images.gitServer, { host: HOST });
  const repository = await server.repository('foo/pages');
  await repository.commit({ 'index.html': '<h1>Hello</h1>\n' });
  await server.up();
  await namespace.apply([server.secret('pages-ssh')]);
  installed = await install([`--kubernetes=1.${KUBERNETES_MINOR}`], namespace.name);
  await injector.waitFor(`deployment/${OURS}`, { until: 'jsonpath={.status.availableReplicas}=3' });
  other = await startOtherInjector(aside);
  const registrations = CASES.flatMap(({ others }) => others);
  for (const { name } of registrations) {
    expect(name < OURS).toBe(name.startsWith('a-'));
  }
  await other.register(namespace, registrations);
});
afterAll(async () => {
  await other?.remove();
  await installed?.remove();
});

const asking = (app: string): JsonMap => {
  const plain = pod(app, ASKS_FOR_PAGES);
  return { ...plain, metadata: { ...plain.metadata, labels: { app } } } as unknown as JsonMap;
};

/** Reviews of pods that our replicas have answered so far. */
async function ourReviews(): Promise<number> {
  const addresses = (await injector.get('pods', '.items[*].status.podIP')).split(' ').filter(Boolean);
  const pages = await Promise.all(addresses.map((ip) => httpGet(`http://${ip}:8080/metrics`)));
  const counts = pages.flatMap(({ body }) => [
    ...body.matchAll(/^pillion_injector_reviews_total\{([^}]*)\} (\d+)$/gm),
  ]);
  return counts.reduce((sum, [, , count]) => sum + Number(count), 0);
}

const namesIn = (subject: Json, list: string) =>
  listAt(subject, 'spec', list).map((item) => textAt(item, 'name') ?? '');
const LISTS = ['initContainers', 'containers', 'volumes'] as const;
const namesOf = (subject: Json) => Object.fromEntries(LISTS.map((list) => [list, namesIn(subject, list)]));
const containersOf = (subject: Json) => [
  ...listAt(subject, 'spec', 'initContainers'),
  ...listAt(subject, 'spec', 'containers'),
];
const named = (items: readonly Json[], name: string) => items.find((item) => textAt(item, 'name') === name);

/** What the engine puts into the pod as it was sent: its container and its volumes. */
function expectedOf(sent: JsonMap) {
  const { patch, instances, outcome } = decide({ pod: sent, namespace: namespace.name }, settings, '');
  expect(outcome).toBe('changed');
  const changed = applyPatch(sent, patch);
  const volumes = listAt(changed, 'spec', 'volumes');
  return {
    container: named(containersOf(changed), SIDECAR),
    volumes: instances.flatMap((instance) => instance.volumes.map((name) => named(volumes, name) as JsonMap)),
  };
}

/** Without what the API server and the other injector mount into every container. */
function withoutForeignMounts(container: Json | undefined): JsonMap {
  const mounts = listAt(container, 'volumeMounts').filter((mount) => {
    const path = textAt(mount, 'mountPath') ?? '';
    return !path.startsWith('/other/') && !textAt(mount, 'name')?.startsWith('kube-api-access-');
  });
  return { ...(container as JsonMap), volumeMounts: mounts };
}

it.each(CASES)(
  '$app: both are there once, ours is what the engine gives, and the pod runs',
  async ({ app, others }) => {
    const sent = asking(app);
    const before = await ourReviews();
    await namespace.kubectl(['create', '--filename=-'], JSON.stringify(sent));
    await namespace.waitFor(`pod/${app}`, { until: 'condition=Ready' });
    const made = JSON.parse(await namespace.kubectl(['get', `pod/${app}`, '--output=json'])) as JsonMap;

    // Everything once: names, and places of mounts.
    const names = namesOf(made);
    const theirs = others.map(({ path }) => helperNames(path.split('/').at(-1) ?? ''));
    expect(names['initContainers']).toEqual([SIDECAR]);
    expect(names['containers']?.toSorted()).toEqual(
      ['web', ...theirs.map(({ container }) => container)].toSorted(),
    );
    expect(new Set(names['volumes']).size).toBe(names['volumes']?.length);
    for (const { volume, annotation } of theirs) {
      expect(names['volumes']).toContain(volume);
      expect(textAt(made, 'metadata', 'annotations', annotation)).toBe('injected');
    }
    for (const container of containersOf(made)) {
      const places = listAt(container, 'volumeMounts').map((mount) => textAt(mount, 'mountPath'));
      expect(new Set(places).size).toBe(places.length);
    }

    // Ours is what the engine gives, and it has nothing to add.
    const { container, volumes } = expectedOf(sent);
    expect(withoutForeignMounts(named(containersOf(made), SIDECAR))).toMatchObject(
      withoutForeignMounts(container),
    );
    for (const volume of volumes) {
      const name = textAt(volume, 'name') ?? '';
      expect(named(listAt(made, 'spec', 'volumes'), name)).toMatchObject(volume);
    }
    expect(textAt(made, 'metadata', 'labels', 'foo')).toBe('bar');
    expect(decide({ pod: made, namespace: namespace.name }, settings, '')).toMatchObject({
      outcome: 'unchanged',
      reason: 'already-injected',
    });
    expect(podState({ pod: made, namespace: namespace.name }, settings)).toBe('injected');

    // The page is in the application, and nothing was started twice.
    expect(await namespace.exec(app, 'web', ['cat', '/pages/current/index.html'])).toBe('<h1>Hello</h1>');
    const statuses = ['initContainerStatuses', 'containerStatuses'].flatMap((list) =>
      listAt(made, 'status', list),
    );
    expect(statuses.map((status) => memberAt(status, 'restartCount'))).toEqual(
      Array.from({ length: others.length + 2 }, () => 0),
    );

    // Nobody is asked again and again.
    const reviews = (await ourReviews()) - before;
    const calls = await Promise.all(others.map(async ({ path }) => other?.asked(path, app)));
    console.log(`${app}: ours was asked ${reviews} times, theirs ${calls.join(' and ')}`);
    for (const count of [reviews, ...calls]) {
      expect(count).toBeGreaterThanOrEqual(1);
    }
    expect(reviews).toBeLessThanOrEqual(MOST_REVIEWS);
    for (const [at, { reinvocationPolicy }] of others.entries()) {
      expect(calls[at]).toBeLessThanOrEqual(reinvocationPolicy === 'Never' ? 1 : MOST_REVIEWS);
    }

    // Made once more from what was read, as by a backup of the cluster: the same again.
    const again = sendable(made, `${app}-again`);
    const second = (await dryRun(namespace.name, again)) as { readonly pod: JsonMap };
    expect(second).toEqual({ pod: expect.anything() });
    expect(namesOf(second.pod)).toEqual(names);
    expect(textAt(second.pod, 'metadata', 'annotations', RECORD)).toBe(
      textAt(made, 'metadata', 'annotations', RECORD),
    );
  },
);
