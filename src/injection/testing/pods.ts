/** Pods as fast-check makes them: every list absent, empty or filled, and what asks among it. */
import fc from 'fast-check';
import type { Json, JsonMap } from '../../kubernetes/json.ts';

type Presence = 'absent' | 'empty' | 'present';
export const PRESENCES: readonly Presence[] = ['absent', 'empty', 'present'];

/** Values as they are once they were sent: without -0. */
const unknownValue = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);

const presence = fc.constantFrom(...PRESENCES);

/** `key` in one of three states. */
export function part(key: string, state: Presence, full: Json, empty: Json = []): JsonMap {
  if (state === 'absent') {
    return {};
  }
  return { [key]: state === 'empty' ? empty : full };
}

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/);

function container(prefix: string): fc.Arbitrary<JsonMap> {
  return fc
    .record({
      mounts: presence,
      env: presence,
      extra: unknownValue,
    })
    .map(({ mounts, env, extra }) => ({
      name: prefix,
      image: 'nginx',
      'x-unknown': extra,
      ...part('volumeMounts', mounts, [{ name: 'data', mountPath: '/data' }]),
      ...part('env', env, [{ name: 'A', value: 'a' }]),
    }));
}

/** What may be asked for, with the parameters that go with it. */
export const ASKS: readonly JsonMap[] = [
  { 'pillion.dev/inject': 'git-sync', 'pillion.dev/git-sync.repo': 'https://git.example/a.git' },
  {
    'pillion.dev/inject': 'templates=git-sync, pages=git-sync',
    'pillion.dev/templates.repo': 'https://git.example/a.git',
    'pillion.dev/pages.repo': 'git@git.example:b.git',
    'pillion.dev/pages.mount': '/pages',
    'pillion.dev/pages.secret': 'keys',
    'pillion.dev/pages.auth': 'ssh',
  },
  {
    'pillion.dev/inject': 'cron,label, ca-bundle',
    'pillion.dev/cron.configmap': 'jobs',
    'pillion.dev/label.value': 'x',
    'pillion.dev/ca-bundle.system': 'true',
  },
  {
    'pillion.dev/inject': 'credentials, pass=credentials',
    'pillion.dev/credentials.host': 'orders.c1.eu-west-1.rds.amazonaws.com',
    'pillion.dev/credentials.user': 'app_iam',
    'pillion.dev/credentials.secret': 'users',
    'pillion.dev/credentials.reload': 'console',
    'pillion.dev/pass.host': '10.1.2.3',
    'pillion.dev/pass.user': 'app_iam',
    'pillion.dev/pass.output': 'pgpass',
    'pillion.dev/pass.mount': '/pass',
  },
  { 'pillion.dev/inject': 'label' },
];

/** A pod that asks and can have what it asks for. */
export const askingPod: fc.Arbitrary<JsonMap> = fc
  .record({
    ask: fc.constantFrom(...ASKS),
    names: fc.uniqueArray(name, { minLength: 2, maxLength: 5 }),
    inits: presence,
    volumes: presence,
    labels: presence,
    sidecarFirst: fc.boolean(),
    restartPolicy: fc.constantFrom(undefined, 'Always', 'Never'),
    unknown: unknownValue,
  })
  .chain(({ ask, names, inits, volumes, labels, sidecarFirst, restartPolicy, unknown }) => {
    const [initName = 'init', ...main] = names;
    return fc
      .tuple(container(initName), fc.tuple(...main.map((each) => container(each))))
      .map(([init, containers]) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          generateName: 'web-',
          annotations: { other: 'kept', ...ask },
          ...part('labels', labels, { app: 'web' }, {}),
        },
        spec: {
          containers,
          ...part('initContainers', inits, [{ ...init, ...(sidecarFirst && { restartPolicy: 'Always' }) }]),
          ...part('volumes', volumes, [{ name: 'data', emptyDir: {} }]),
          ...(restartPolicy !== undefined && { restartPolicy }),
          'x-unknown': unknown,
        },
      }));
  });
