import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPillion } from '../support/pillion.ts';
import { waitFor } from '../support/wait-for.ts';
import { imageUnderTest } from './support/environment.ts';
import { createGitServer, type GitServer } from './support/git-server.ts';
import { provideTestImages } from './support/images.ts';
import { ASKS_FOR_PAGES, deployment, HOST, job, pod } from './support/injected-pods.ts';
import { outcomeOf } from './support/install.ts';
import { kubectl, tryInside } from './support/kubectl.ts';
import { TestNamespace, useNamespace } from './support/namespace.ts';

// The injector by its own manifest, and the story of examples/004-injector: one annotation, and the container is there.
const namespace = useNamespace('injected', { podSecurity: 'restricted' });
const aside = useNamespace('injected-git');
const injector = new TestNamespace('pillion');
const PATIENT = { timeoutMs: 240_000, intervalMs: 200 } as const;
let server: GitServer;
let manifest = '';

beforeAll(async () => {
  const made = await runPillion(['injector', 'manifest', `--image=${imageUnderTest()}`]);
  expect(made.code).toBe(0);
  manifest = made.stdout;
  await kubectl(['apply', '--filename=-'], manifest);
  const images = await provideTestImages();
  server = await createGitServer(aside, images.gitServer, { host: HOST });
  const repository = await server.repository('foo/pages');
  await repository.commit({ 'index.html': '<h1>Hello</h1>\n' });
  await server.up();
  await namespace.apply([server.secret('pages-ssh')]);
  await injector.waitFor('deployment/pillion-injector', { until: 'jsonpath={.status.availableReplicas}=3' });
});
afterAll(async () => {
  await kubectl(['delete', '--wait=false', '--ignore-not-found', '--filename=-'], manifest);
});

const create = (object: object, ...flags: readonly string[]) =>
  tryInside(
    ['kubectl', '--namespace', namespace.name, 'create', '--filename=-', ...flags],
    JSON.stringify(object),
  );

describe('a Deployment with one annotation', () => {
  it('has the repository before its container starts, under the restricted level, and the label', async () => {
    await namespace.apply([deployment('web', ASKS_FOR_PAGES)]);
    await namespace.waitFor('deployment/web', { until: 'jsonpath={.status.availableReplicas}=1' });
    const name = await namespace.get('pods', '.items[0].metadata.name');
    expect(await namespace.exec(name, 'web', ['cat', '/pages/current/index.html'])).toBe('<h1>Hello</h1>');
    expect(await namespace.get(`pod/${name}`, '.metadata.labels.foo')).toBe('bar');
    const [restartPolicy, started] = [
      await namespace.get(`pod/${name}`, '.spec.initContainers[0].restartPolicy'),
      await namespace.get(`pod/${name}`, '.status.initContainerStatuses[0].started'),
    ];
    expect([restartPolicy, started]).toEqual(['Always', 'true']);
    const record = await namespace.kubectl([
      'get',
      `pod/${name}`,
      '--output=jsonpath={.metadata.annotations.pillion\\.dev/injected}',
    ]);
    expect(JSON.parse(record)).toMatchObject({ version: expect.any(String) });
  });

  it('that is misspelt is advised of at once, and its pods are refused in words', async () => {
    const bad = { 'pillion.dev/inject': 'git-snyc' };
    const advised = await create(deployment('bad', bad), '--dry-run=server');
    expect(advised.stderr).toMatch(/Warning: pillion: its pods will be refused: .*git-sync/);
    const refused = await create(pod('bad', bad), '--dry-run=server');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/denied the request: pillion: .*git-snyc.*git-sync/);
  });
});

describe('a namespace with a label', () => {
  it('gives its pods the profile, and a pod that says none stays as it is', async () => {
    await kubectl(['label', 'namespace', namespace.name, 'pillion.dev/inject=label']);
    await waitFor(async () => (await outcomeOf(namespace.name)) === 'bar', { what: 'the label', ...PATIENT });
    expect(await outcomeOf(namespace.name, 'none')).toBe('');
    await kubectl(['label', 'namespace', namespace.name, 'pillion.dev/inject-']);
  });
});

describe('a Job', () => {
  it('with an injected sidecar comes to its end', async () => {
    await namespace.apply([job('once', ASKS_FOR_PAGES)]);
    await namespace.waitFor('job/once', { until: 'condition=Complete' });
    expect(await namespace.kubectl(['logs', 'job/once', '--container=web'])).toBe('<h1>Hello</h1>');
  });
});

describe('the injector', () => {
  it('refuses no pod while it is restarted and its replicas change one by one', async () => {
    await injector.kubectl(['rollout', 'restart', 'deployment/pillion-injector']);
    const outcomes = new Set<string>();
    const over = new AbortController();
    const end = injector
      .kubectl(['rollout', 'status', 'deployment/pillion-injector', '--timeout=240s'])
      .catch(String)
      .finally(() => over.abort());
    for (let tries = 0; !over.signal.aborted || tries < 20; tries += 1) {
      outcomes.add(await outcomeOf(namespace.name, 'label'));
    }
    expect(await end).toContain('successfully rolled out');
    expect([...outcomes]).toEqual(['bar']);
  });

  it('that is gone keeps nobody from starting who did not ask', async () => {
    await injector.kubectl(['scale', 'deployment/pillion-injector', '--replicas=0']);
    await waitFor(async () => (await injector.kubectl(['get', 'pods', '--output=name'])) === '', {
      what: 'the replicas to be gone',
      ...PATIENT,
    });
    expect(await create(pod('plain', {}), '--dry-run=server')).toMatchObject({ code: 0 });
    const asking = await create(pod('asking', { 'pillion.dev/inject': 'label' }), '--dry-run=server');
    expect(asking.stderr).toContain('failed calling webhook "pods.injector.pillion.dev"');
    // It starts again by itself: its own pods ask nobody.
    await injector.kubectl(['scale', 'deployment/pillion-injector', '--replicas=1']);
    await injector.waitFor('deployment/pillion-injector', {
      until: 'jsonpath={.status.availableReplicas}=1',
    });
    await waitFor(async () => (await outcomeOf(namespace.name, 'label')) === 'bar', {
      what: 'pods that ask to be made again',
      ...PATIENT,
    });
  });
});
