/** `pillion injector check` against a cluster of the test, with a real replica in it. */
import { describe, expect, test } from 'vitest';
import { runPillion } from '../../support/pillion.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  type ApiServer,
  MUTATING_PATH,
  NAMESPACES_PATH,
  PODS_PATH,
  startApiServer,
  VALIDATING_PATH,
} from './support/api-server.ts';
import { ASKS, podOf } from './support/injector.ts';
import { isReady, type Replica, startReplica } from './support/replica.ts';

const IMAGE = 'registry.example/pillion:1.0.0';

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly message: string;
  readonly hint?: string;
}

/** A cluster with everything in it that the manifest installs, and one replica that runs. */
async function startCluster(): Promise<{ readonly api: ApiServer; readonly replica: Replica }> {
  const api = await startApiServer();
  const made = await runPillion(['injector', 'manifest', `--image=${IMAGE}`, '--kubernetes=1.34']);
  const { parseAllDocuments } = await import('yaml');
  const paths: Readonly<Record<string, string>> = {
    Service: '/api/v1/namespaces/pillion/services/pillion-injector',
    Deployment: '/apis/apps/v1/namespaces/pillion/deployments/pillion-injector',
    MutatingWebhookConfiguration: MUTATING_PATH,
    ValidatingWebhookConfiguration: VALIDATING_PATH,
  };
  for (const document of parseAllDocuments(made.stdout)) {
    const object = document.toJS() as { kind: string; metadata: { name: string } };
    const path = paths[object.kind];
    if (path !== undefined) {
      api.objects.set(path, { ...object, metadata: { ...object.metadata, resourceVersion: '1' } });
    }
  }
  const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
  const lists: Readonly<Record<string, readonly object[]>> = {
    '/apis/discovery.k8s.io/v1/namespaces/pillion/endpointslices': [
      { endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })) },
    ],
    '/api/v1/nodes': [{ metadata: { name: 'n1' }, status: { nodeInfo: { kubeletVersion: 'v1.34.2' } } }],
    '/api/v1/namespaces/pillion/pods': [{ metadata: { name: 'pillion-injector-1' } }],
    [NAMESPACES_PATH]: [],
    [PODS_PATH]: [],
  };
  Object.entries(lists).forEach(([path, items]) => api.objects.set(path, { metadata: { name: '' }, items }));
  const replica = await startReplica(api, ['--scan-period=0s']);
  await waitFor(() => isReady(replica), { what: 'the replica to be ready' });
  const status = await (await fetch(`http://127.0.0.1:${replica.httpPort}/status`)).json();
  api.answer = ({ method, path, query }) => {
    if (path === '/version') {
      return [200, { gitVersion: 'v1.34.2' }];
    }
    if (path.endsWith('subjectaccessreviews')) {
      return [201, { status: { allowed: true } }];
    }
    if (path.endsWith('/pods/pillion-injector-1:8080/proxy/status')) {
      return [200, status];
    }
    return method === 'POST' && query.get('dryRun') === 'All'
      ? [201, { metadata: { labels: { foo: 'bar' } } }]
      : undefined;
  };
  return { api, replica };
}

async function check(api: ApiServer, ...args: readonly string[]) {
  const result = await runPillion(['injector', 'check', `--api-server=${api.url}`, '-o', 'json', ...args]);
  const findings = JSON.parse(result.stdout) as Finding[];
  const bad = findings.filter(({ level }) => level !== 'ok');
  return { ...result, findings, bad };
}

describe('an injector that works', () => {
  test('is told to, in all that was looked at, and the exit code is 0', async () => {
    const { api, replica } = await startCluster();
    const { code, findings, bad } = await check(api, `--address=127.0.0.1:${replica.port}`);
    expect(bad).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(findings.map((each) => each.check))).toEqual(
      new Set([
        'version',
        'nodes',
        'replicas',
        'webhooks',
        'selectors',
        'failure policy',
        'bundle',
        'certificate',
        'access',
        'reachability',
        'profiles',
        'pods',
        'secrets',
      ]),
    );
    const text = await runPillion(['injector', 'check', `--api-server=${api.url}`]);
    expect(text.stdout.split('\n').slice(0, -1)).toSatisfy((lines: string[]) =>
      lines.every((line) => /^ok {7}[a-z ]+: /.test(line)),
    );
  });
});

test('an injector whose Deployment may not be read is not said to write for the wrong version', async () => {
  const { api, replica } = await startCluster();
  const usual = api.answer;
  api.answer = (call) => {
    if (call.path === '/version') {
      return [200, { gitVersion: 'v1.34.2' }];
    }
    return call.path.includes('/deployments/')
      ? [403, { message: 'deployments.apps is forbidden' }]
      : usual?.(call);
  };
  const { bad } = await check(api, `--address=127.0.0.1:${replica.port}`);
  expect(bad.map((finding) => [finding.check, finding.level])).toEqual(
    expect.arrayContaining([
      ['version', 'warning'],
      ['nodes', 'warning'],
    ]),
  );
  expect(bad.filter(({ level }) => level === 'failed')).toEqual([]);
});

test('an injector whose list of images keeps profiles from being used is told with their images', async () => {
  const { api } = await startCluster();
  const path = '/apis/apps/v1/namespaces/pillion/deployments/pillion-injector';
  const allowing = (list: string) => {
    const made = structuredClone(api.objects.get(path)) as unknown as {
      spec: { template: { spec: { containers: { args: string[] }[] } } };
    };
    made.spec.template.spec.containers[0]?.args.push(`--allow-image=${list}`);
    return made as never;
  };
  const usual = api.objects.get(path);
  api.objects.set(path, allowing('registry.example/pillion'));
  const good = await check(api);
  expect(good.bad).toEqual([]);
  expect(good.findings).toContainEqual({
    check: 'images',
    level: 'ok',
    message: 'what profiles put in is allowed: registry.example/pillion',
  });
  api.objects.set(path, usual as never);
  api.objects.set(path, allowing('registry.example/pill,nginx'));
  const { code, bad } = await check(api);
  expect(code).toBe(0);
  expect(bad).toEqual([
    {
      check: 'images',
      level: 'warning',
      message: expect.stringContaining(`git-sync (${IMAGE})`),
      hint: expect.stringContaining('registry.example/pill, nginx'),
    },
  ]);
});

describe('an injector that does not', () => {
  test('is told why, by every fault at once, and the exit code is 1', async () => {
    const { api, replica } = await startCluster();
    const usual = api.answer;
    const configuration = api.objects.get(MUTATING_PATH) as unknown as {
      webhooks: { clientConfig: object }[];
    };
    const [first, ...others] = configuration.webhooks;
    const emptied = { ...first, clientConfig: { ...first?.clientConfig, caBundle: '' } };
    api.objects.set(MUTATING_PATH, {
      metadata: { name: 'pillion-injector' },
      webhooks: [emptied, ...others],
    });
    const pod = (name: string, annotations: Record<string, string>) => ({
      ...podOf(annotations),
      metadata: { name, namespace: 'shop', annotations },
    });
    api.objects.set(PODS_PATH, {
      metadata: { name: '' },
      items: [
        pod('bare', { ...ASKS, 'pillion.dev/git-sync.secret': 'keys', 'pillion.dev/git-sync.auth': 'ssh' }),
      ],
    });
    api.answer = (call) => {
      const body = call.body as { spec?: { resourceAttributes?: { resource?: string } } } | undefined;
      if (body?.spec?.resourceAttributes?.resource === 'events') {
        return [201, { status: { allowed: false } }];
      }
      return call.query.get('dryRun') === 'All'
        ? [500, { message: 'failed calling webhook "pods.injector.pillion.dev": no endpoints available' }]
        : usual?.(call);
    };
    // A replica would put the bundle back within seconds.
    await replica.running.stop();
    const { code, bad } = await check(api, `--address=127.0.0.1:${replica.port}`);
    expect(code).toBe(1);
    const failed = bad.map(({ check: what, message }) => `${what}: ${message}`).join('\n');
    expect(failed).toMatch(/bundle: caBundle of pods\.injector\.pillion\.dev is empty/);
    expect(failed).toMatch(/certificate: no handshake with 127\.0\.0\.1/);
    expect(failed).toMatch(/certificate: pillion-injector-1: .*does not lead to the caBundle of pods\./);
    expect(failed).toMatch(/access: the injector may not create events/);
    expect(failed).toMatch(/reachability: the API server does not reach it: .*no endpoints/);
    expect(failed).toMatch(/pods: bare although they asked: 1 \(shop\/bare\)/);
    expect(failed).toMatch(/secrets: there is no Secret keys in shop/);
    expect(bad.every(({ hint }) => hint !== undefined)).toBe(true);
  });

  test.each([302, 401, 429, 500, 503])('and that only answers with %d is not passed over', async (status) => {
    const { api } = await startCluster();
    api.failWith = status;
    const { code, findings } = await check(api);
    expect(code).toBe(1);
    expect(findings).toEqual([
      {
        check: 'API server',
        level: 'failed',
        message: expect.stringMatching(`nothing was looked at: .*${status}`),
        hint: expect.stringContaining('kubectl proxy'),
      },
    ]);
  });

  test('and that nobody may look at is no good news, and no bad news', async () => {
    const { api } = await startCluster();
    api.failWith = 403;
    const { code, findings } = await check(api);
    expect(code).toBe(0);
    expect(findings.length).toBeGreaterThan(4);
    expect(new Set(findings.map(({ level }) => level))).toEqual(new Set(['warning']));
  });
});

describe('a cluster that injects by policies', () => {
  test('is looked at without a server: bindings, a pod in words only, and the pods that are there', async () => {
    const { api, replica } = await startCluster();
    await replica.running.stop();
    const group = '/apis/admissionregistration.k8s.io/v1';
    const binding = (...validationActions: readonly string[]) => ({
      spec: { policyName: 'pillion', validationActions },
    });
    api.objects.delete(MUTATING_PATH);
    const put = (path: string, ...items: readonly object[]) =>
      void api.objects.set(`${group}/${path}`, { metadata: { name: 'pillion' }, items });
    put('mutatingadmissionpolicies/pillion');
    put('validatingadmissionpolicies/pillion');
    put('mutatingadmissionpolicybindings', binding());
    put('validatingadmissionpolicybindings', binding('Deny'), binding('Warn'));
    const good = await check(api);
    expect(good).toMatchObject({ code: 0, bad: [] });
    expect(good.findings.map((each) => each.check)).toEqual([
      'version',
      'nodes',
      'policies',
      'reachability',
      'profiles',
      'pods',
      'secrets',
    ]);
    put('mutatingadmissionpolicybindings');
    expect(await check(api)).toMatchObject({ code: 1, bad: [{ check: 'policies', level: 'failed' }] });
  });
});

test('a wrong flag, or no cluster at all, ends with what to do', async () => {
  expect((await runPillion(['injector', 'check', '--adress=x'])).code).toBe(2);
  const nowhere = await runPillion(['injector', 'check']);
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toContain('kubectl proxy');
});

test('an API server that cannot be reached is a failure, since nothing was looked at', async () => {
  // Nobody listens on port 1.
  const { code, stdout } = await runPillion(['injector', 'check', '--api-server=http://127.0.0.1:1']);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^failed +API server: cannot be reached, so that nothing was looked at: .+\n +try: kubectl proxy/,
  );
  expect(stdout.split('\n')).toHaveLength(3);
});
