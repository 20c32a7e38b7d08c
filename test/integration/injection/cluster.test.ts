/** What the injector reads of its cluster and tells to it, besides reviews. */
import { describe, expect, test } from 'vitest';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  type ApiServer,
  CONFIG_MAPS_PATH,
  NAMESPACES_PATH,
  PODS_PATH,
  startApiServer,
} from './support/api-server.ts';
import { ASKS, podOf, reviewOf, startInjector, type TestInjector } from './support/injector.ts';

const temp = useTempDir();

const startWith = (api: ApiServer, ...args: readonly string[]) =>
  startInjector(temp.path, ['--namespace=pillion', `--api-server=${api.url}`, '--drain=0s', ...args]);

const profile = (name: string, value: string) =>
  `apiVersion: pillion.dev/v1\nkind: InjectionProfile\nmetadata:\n  name: ${name}\nspec:\n  labels:\n    team: ${value}\n`;

const configMap = (name: string, data: object, annotations: object = {}) => ({
  metadata: { name, annotations },
  data,
});

const setList = (api: ApiServer, path: string, ...items: readonly object[]) =>
  void api.objects.set(path, { metadata: { name: '' }, items });

interface Response {
  readonly allowed: boolean;
  readonly patch?: string;
  readonly status?: { readonly message: string };
  readonly auditAnnotations: { readonly reason: string };
}

async function ask(injector: TestInjector, profileName: string, changes: object = {}): Promise<Response> {
  const { text } = await injector.post(reviewOf(podOf({ 'pillion.dev/inject': profileName }), changes));
  return (JSON.parse(text) as { response: Response }).response;
}

describe('profiles in ConfigMaps with the label', () => {
  test('are used, changed and taken away while it runs; a bad one keeps out neither another nor itself', async () => {
    const api = await startApiServer();
    setList(
      api,
      CONFIG_MAPS_PATH,
      configMap('one', { 'team.yaml': profile('team', 'a') }),
      configMap('two', { 'other.yaml': profile('other', 'b') }),
    );
    const injector = await startWith(api);
    await waitFor(async () => (await injector.get('/readyz')).status === 200, { what: 'it to be ready' });
    expect((await ask(injector, 'team')).patch).toBeDefined();
    setList(
      api,
      CONFIG_MAPS_PATH,
      configMap('one', { 'team.yaml': profile('team', '[1]') }),
      configMap('three', { 'new.yaml': profile('new', 'c') }),
    );
    const line = await injector.running.waitForLog('a profile is wrong', { timeoutMs: 30_000 });
    expect(line).toContain('ConfigMap one, team.yaml');
    await waitFor(async () => (await ask(injector, 'new')).allowed, { what: 'the new profile' });
    expect((await ask(injector, 'team')).patch).toBeDefined();
    expect((await ask(injector, 'other')).auditAnnotations.reason).toBe('unknown-profile');
    // An API server that refuses takes nothing away.
    api.failWith = 500;
    await injector.running.waitForLog('profiles cannot be read', { timeoutMs: 30_000 });
    expect((await ask(injector, 'new')).patch).toBeDefined();
  }, 60_000);

  test('are for the namespaces that the ConfigMap names, and for none where that cannot be read', async () => {
    const api = await startApiServer();
    setList(
      api,
      CONFIG_MAPS_PATH,
      configMap('one', { a: profile('team', 'a') }, { 'pillion.dev/namespaces': 'dev, test' }),
      configMap('two', { a: profile('broken', 'a') }, { 'pillion.dev/namespaces': 'dev;*' }),
    );
    const injector = await startWith(api);
    expect((await ask(injector, 'team')).auditAnnotations.reason).toBe('profile-not-allowed');
    expect((await ask(injector, 'team', { namespace: 'dev' })).allowed).toBe(true);
    expect((await ask(injector, 'broken', { namespace: 'dev' })).auditAnnotations.reason).toBe(
      'unknown-profile',
    );
  });

  test('that cannot be read yet keep a replica unready, unless its roles do not allow it', async () => {
    const api = await startApiServer();
    const answering = (status: number) =>
      void (api.answer = ({ path }) => (path === CONFIG_MAPS_PATH ? [status, { message: 'no' }] : undefined));
    answering(500);
    const injector = await startWith(api);
    const ready = await injector.get('/readyz');
    expect(ready).toMatchObject({ status: 503, text: expect.stringContaining('ConfigMaps') });
    answering(403);
    await waitFor(async () => (await injector.get('/readyz')).status === 200, {
      what: 'it to be ready without them',
      timeoutMs: 30_000,
    });
  }, 60_000);
});

interface StoredEvent {
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly uid: string };
}

const controller = (kind: string, apiVersion: string, name: string) => ({
  metadata: { ownerReferences: [{ apiVersion, kind, name, uid: `uid-${name}`, controller: true }] },
});

describe('the owner of a pod that is refused', () => {
  const eventsOf = (api: ApiServer) =>
    [...api.objects]
      .filter(([path]) => path.includes('/events/'))
      .map(([, event]) => event as unknown as StoredEvent);

  const refused = (dryRun: boolean) => {
    const pod = podOf({ 'pillion.dev/inject': 'git-snyc' });
    const { metadata } = controller('ReplicaSet', 'apps/v1', 'web-5d4f8');
    return reviewOf({ ...pod, metadata: { ...pod.metadata, ...metadata } }, { dryRun });
  };

  test('gets one Event with the reason of log, metric, audit and status, and none for a dry run', async () => {
    const api = await startApiServer();
    api.objects.set('/apis/apps/v1/namespaces/shop/replicasets/web-5d4f8', {
      metadata: { name: 'web-5d4f8', ...controller('Deployment', 'apps/v1', 'web').metadata },
    });
    const injector = await startWith(api);
    expect((await injector.post(refused(true))).text).toContain('unknown-profile');
    for (let time = 0; time < 5; time += 1) {
      await injector.post(refused(false));
    }
    await waitFor(() => eventsOf(api).length > 0, { what: 'the Event' });
    const line = JSON.parse(await injector.running.waitForLog('"refused"')) as { reason: string };
    const status = JSON.parse((await injector.get('/status')).text) as {
      refusals: { reason: string }[];
      decisions: Record<string, number>;
    };
    expect(eventsOf(api)).toEqual([
      expect.objectContaining({
        reason: line.reason,
        involvedObject: expect.objectContaining({ kind: 'Deployment', name: 'web', uid: 'uid-web' }),
        message: expect.stringContaining('git-sync'),
      }),
    ]);
    expect(status.decisions).toEqual({ 'unknown-profile': 6 });
    expect(status.refusals[0]?.reason).toBe(line.reason);
    expect((await injector.get('/metrics')).text).toContain(`reason="${line.reason}"} 6`);
  });

  test('that another replica has told already gets no second one, but a higher count', async () => {
    const api = await startApiServer();
    const first = await startWith(api);
    await first.post(refused(false));
    await waitFor(() => eventsOf(api).length === 1, { what: 'the Event' });
    const second = await startWith(api);
    await second.post(refused(false));
    await waitFor(() => eventsOf(api)[0]?.count === 2, { what: 'the count of the Event' });
    expect(eventsOf(api)).toHaveLength(1);
    // Without the right to see who owns it, the ReplicaSet itself is told.
    expect(eventsOf(api)[0]?.involvedObject.kind).toBe('ReplicaSet');
  });

  test('costs no answer when Events are forbidden', async () => {
    const api = await startApiServer();
    api.answer = ({ path }) => (path.endsWith('/events') ? [403, { message: 'forbidden' }] : undefined);
    const injector = await startWith(api);
    await injector.post(refused(false));
    const line = await injector.running.waitForLog('an Event cannot be written');
    expect(line).toContain('403');
    expect((await injector.post(reviewOf(podOf(ASKS)))).status).toBe(200);
  });
});

describe('pods that are there', () => {
  test('are counted when they asked and are bare, by their namespace, page by page', async () => {
    const api = await startApiServer();
    setList(api, NAMESPACES_PATH, {
      metadata: { name: 'labelled', labels: { 'pillion.dev/inject': 'label' } },
    });
    const pod = (name: string, namespace: string, annotations: Record<string, string>) => ({
      ...podOf(annotations),
      metadata: { name, namespace, annotations },
    });
    const pages = [
      [pod('a', 'shop', ASKS), pod('b', 'shop', {})],
      [pod('c', 'labelled', {}), pod('d', 'shop', ASKS)],
    ];
    let limits = new Set<string | null>();
    api.answer = ({ path, query }) => {
      if (path !== PODS_PATH) {
        return undefined;
      }
      limits = limits.add(query.get('limit'));
      const page = Number(query.get('continue') ?? 0);
      const isLast = page === pages.length - 1;
      return [200, { metadata: isLast ? {} : { continue: String(page + 1) }, items: pages[page] }];
    };
    const injector = await startWith(api, '--scan-period=1s');
    await injector.running.waitForLog('pods that asked have nothing put in');
    const { text } = await injector.get('/metrics');
    expect(text).toContain('pillion_injector_pods{state="bare",namespace="shop"} 2');
    expect(text).toContain('pillion_injector_pods{state="bare",namespace="labelled"} 1');
    expect([...limits]).toEqual(['100']);
  });

  test('are not looked at where that is not wanted', async () => {
    const api = await startApiServer();
    let reads = 0;
    api.answer = ({ path }) => {
      reads += path === PODS_PATH ? 1 : 0;
      return undefined;
    };
    const injector = await startWith(api, '--scan-period=0s');
    expect((await injector.get('/metrics')).text).not.toContain('pillion_injector_pods{');
    expect(reads).toBe(0);
  });
});
