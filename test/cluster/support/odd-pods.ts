/** Pods as nobody would write them: several profiles, values that may be anything, and whatever clashes with what they put in. */
import fc from 'fast-check';
import { builtInProfiles } from '../../../src/injection/built-in/profiles.ts';
import type { JsonMap } from '../../../src/kubernetes/json.ts';

/** Words that are fine somewhere, and wrong elsewhere. */
const WORDS = [
  'a A 0 -1 00 1.5 1e3 1Mi 0Mi 1.5Mi 999Ti 128Mi 1Gi 64M 1h 1m30s 90s 0s 1.5s 24h 25h 1d -1s 1 1023 65535 65536 9740',
  '/a /a/ //a /a/../b / /. a/b https://a https://a.b/c http://a:99999/x ssh://git@a/b git@a:b.git git@a .. . -a _a a_b',
  'https://u:p@a/b https://a/b?c#d https://[::1]/x s3:https://h/b git+ssh://h/p#b -f --x a-b- HEAD data Europe/Berlin',
  'true false True yes off recursive ssh gcp none pgpass 0640 02:30 @hourly app app,web web,,side $(X) $$(X) ${x}',
  '" \' \\ `id` ;ls * é 😀 \u0000 \u2028',
].flatMap((line) => line.split(' '));
const VALUES = [
  ...WORDS,
  ...[63, 64, 253, 254, 4096, 4097].map((length) => 'x'.repeat(length)),
  '',
  ' ',
  '/a b',
  'web, side',
  ' web',
  'a\nb',
  'a\tb',
];

const REQUIRED: Readonly<Record<string, string>> = {
  repo: 'https://git.example/a.git',
  configmap: 'jobs',
  host: 'h.example',
  user: 'u',
  volume: 'data',
  repository: 's3:https://h/b/p',
};

const EXTRA = [
  ['pillion.dev/', 'x'],
  ['pillion.dev/x', 'y'],
  ['pillion.dev/git-sync', 'y'],
  ['pillion.dev/git-sync.', 'y'],
  ['pillion.dev/GIT-SYNC.repo', 'y'],
  ['pillion.dev/injected', '{}'],
  ['pillion.dev/injected', 'x'],
  ['pillion.dev/pod-resources', 'raise'],
  ['pillion.dev/pod-resources', 'maybe'],
  ['pillion.dev.x/git-sync.repo', 'y'],
] as const;

const some = <T>(items: readonly T[], maxLength = 3) =>
  fc.option(fc.array(fc.constantFrom(...items), { maxLength }), { nil: undefined });
/** Without what is undefined, as it would be sent. */
const sent = (value: object) => JSON.parse(JSON.stringify(value)) as JsonMap;

const container = fc
  .record({
    name: fc.constantFrom('web', 'side', 'pillion-x', 'pillion-git-sync', 'app'),
    image: fc.constant('nginx'),
    volumeMounts: some(
      ['/data', '/git', '/git/x', '/', '/shared/', '/var/run/secrets/kubernetes.io/serviceaccount'].map(
        (mountPath) => ({ name: 'data', mountPath }),
      ),
      2,
    ),
    env: some([
      { name: 'A', value: 'b' },
      { name: 'SSL_CERT_FILE', value: '/x' },
      { name: 'A' },
      { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ]),
    ports: some(
      [
        { containerPort: 80 },
        { containerPort: 9740 },
        { containerPort: 9741, protocol: 'UDP' },
        { containerPort: 9740, protocol: 'UDP' },
        { containerPort: 9760, name: 'p-9740' },
        { containerPort: 9790, hostPort: 9790 },
      ],
      2,
    ),
    resources: fc.constantFrom(undefined, {}, { limits: { memory: '1Gi' } }, { requests: { cpu: '1' } }),
    restartPolicy: fc.constantFrom(undefined, undefined, 'Always', 'Never', 'OnFailure'),
  })
  .map(sent);

const volume = fc.constantFrom(
  { name: 'data', emptyDir: {} },
  { name: 'pillion-git-sync', emptyDir: {} },
  { name: 'pillion-no-token', emptyDir: {} },
  { name: 'pillion-no-token', emptyDir: { sizeLimit: '1Mi' } },
  { name: 'pillion-cron-tmp', emptyDir: { medium: 'Memory' } },
);

const more = fc.constantFrom<JsonMap>(
  {},
  {},
  {},
  { hostNetwork: true },
  { os: { name: 'linux' } },
  { os: { name: 'windows' } },
  { automountServiceAccountToken: false },
  { securityContext: { fsGroup: 5 } },
  { resources: { limits: { memory: '1Gi' } } },
  { resources: { requests: { cpu: '20m', memory: '70Mi' }, limits: { cpu: '30m', memory: '100Mi' } } },
  { resources: { requests: { memory: '0.5Gi' } } },
);

const metadata = fc.constantFrom<JsonMap>(
  {},
  { labels: {} },
  { labels: { foo: 'own' } },
  {
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', controller: true }],
  },
);

const list = (item: typeof container, minLength: number) =>
  fc.uniqueArray(item, { minLength, maxLength: 3, selector: ({ name }) => name });

/** What needs a value has one that is right; at most `odd` values of an instance are anything. */
export function oddPod(odd: number): fc.Arbitrary<JsonMap> {
  return fc
    .record({
      asks: fc.uniqueArray(fc.constantFrom(...builtInProfiles().values()), { minLength: 1, maxLength: 3 }),
      named: fc.boolean(),
      values: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(...VALUES)), { maxLength: odd }),
      extra: fc.option(fc.constantFrom(...EXTRA), { nil: undefined }),
      containers: list(container, 1),
      initContainers: fc.option(list(container, 0), { nil: undefined }),
      volumes: fc.option(fc.uniqueArray(volume, { maxLength: 3, selector: ({ name }) => name }), {
        nil: undefined,
      }),
      restartPolicy: fc.constantFrom(undefined, 'Always', 'Never', 'OnFailure'),
      more,
      metadata,
    })
    .map(({ asks, named, values, extra, more: others, metadata: meta, ...spec }) => {
      const instances = asks.map((profile, at) => ({ profile, name: named ? `i${at}` : profile.name }));
      const given = instances.flatMap(({ profile, name }) =>
        [...profile.parameters]
          .filter(([, { declaration }]) => declaration.required)
          .map(([key]) => [`pillion.dev/${name}.${key}`, REQUIRED[key] ?? 'x'] as const),
      );
      const changed = values.flatMap(([which, what, value]) => {
        const one = instances[which % instances.length];
        const keys = [...(one?.profile.parameters.keys() ?? [])];
        return [[`pillion.dev/${one?.name}.${keys[what % keys.length]}`, value] as const];
      });
      const annotations = {
        'pillion.dev/inject': instances
          .map(({ profile, name }) => (named ? `${name} = ${profile.name}` : name))
          .join(', '),
        ...Object.fromEntries([...given, ...changed, ...(extra === undefined ? [] : [extra])]),
      };
      return sent({ metadata: { annotations, ...meta }, spec: { ...spec, ...others } });
    });
}
