import { describe, expect, test } from 'vitest';
import { type Json, type JsonMap, listAt, member, memberAt, textAt } from '../../kubernetes/json.ts';
import { NEWEST_KNOWN, parseVersion } from '../../kubernetes/version.ts';
import { clusterSettings } from '../cluster-settings.ts';
import { allowedImages } from '../images/allowed.ts';
import { decide, pod, REPO } from '../testing/decide.ts';
import { BAD_ANNOTATIONS, CLASHES } from '../testing/refused.ts';
import { IMAGE_BY_PARAMETER, profileOf } from '../testing/settings.ts';

describe('a refusal names the key, the value and what would be right', () => {
  test.each([
    ...BAD_ANNOTATIONS,
    [{ ...REPO, 'pillion.dev/git-sync.period': 5 }, 'bad-value', '5 is no text: write it in quotes'],
  ] as const)('%j: %s', (annotations, reason, words) => {
    const decision = decide(pod(annotations));
    expect(decision).toMatchObject({ outcome: 'refused', reason, patch: [] });
    expect(decision.message).toContain(words);
    expect(decision.message.length).toBeLessThanOrEqual(200);
  });

  test('a password in an address is in no message', () => {
    for (const repo of [
      'https://u:canary@h/x',
      'ssh://u:canary@h/x',
      'htps://u:canary@h/x',
      'https://canary@h/x',
    ]) {
      const { reason, message } = decide(pod({ ...REPO, 'pillion.dev/git-sync.repo': repo }));
      expect(reason).toBe('bad-value');
      expect(message).not.toContain('canary');
    }
  });

  test('of two things in one place both are named, and what to set', () => {
    for (const [annotations, spec, reason, message] of CLASHES) {
      const decision = decide(pod(annotations, spec));
      expect(decision.message).toContain(message);
      expect(decision.reason).toBe(reason);
    }
  });

  test('an allow-list by namespace decides who may use a profile', () => {
    const isAllowed = (profile: string, namespace: string) => profile !== 'git-sync' || namespace === 'web';
    expect(decide(pod(REPO), { isAllowed })).toMatchObject({ reason: 'profile-not-allowed' });
    expect(decide(pod(REPO), { isAllowed }, { namespace: 'web' })).toMatchObject({ outcome: 'changed' });
    expect(decide(pod({ 'pillion.dev/inject': 'x' }), { isAllowed }).message).not.toContain('git-sync');
  });
});

describe('an allow-list of images', () => {
  const profiles = new Map([['own', profileOf(IMAGE_BY_PARAMETER)]]);
  const own = (parameters: JsonMap = {}) =>
    pod({
      'pillion.dev/inject': 'own',
      ...Object.fromEntries(
        Object.entries(parameters).map(([key, value]) => [`pillion.dev/own.${key}`, value]),
      ),
    });
  const only = (...entries: readonly string[]) => ({ images: allowedImages(entries) });

  test("is for the image that Pillion's own profiles run", () => {
    expect(decide(pod(REPO), only('registry.example/pillion')).outcome).toBe('changed');
    expect(decide(pod(REPO), only('registry.example/pillion@digest', 'other.example'))).toMatchObject({
      outcome: 'refused',
      reason: 'image-not-allowed',
      message:
        'git-sync: the image "registry.example/pillion:test" may not be used here; allowed are registry.example/pillion@digest, other.example',
      patch: [],
    });
    // What has no image is not touched by it.
    expect(decide(pod({ 'pillion.dev/inject': 'label' }), only('other.example')).outcome).toBe('changed');
    // On clusters without native sidecars, too.
    const old = { nativeSidecars: false, target: { major: 1, minor: 27 } };
    expect(decide(pod(REPO), { ...old, ...only('other.example') }).reason).toBe('image-not-allowed');
  });

  test('is for containers of your own and for volumes of images, also those that a parameter names', () => {
    const images = only('registry.example/own', 'registry.example/models');
    const judged = (parameters: JsonMap) => decide(own(parameters), { profiles, ...images }).reason;
    expect(judged({})).toBe('injected');
    expect(judged({ model: 'registry.example/models/a:1' })).toBe('injected');
    expect(judged({ base: 'own' })).toBe('injected');
    for (const parameters of [
      { model: 'registry.example/modelsx/a:1' },
      { model: 'registry.example.evil/models/a:1' },
      { model: 'registry.example/models/../x' },
      { extra: 'true' },
      { base: 'modelsx' },
      { base: 'x/models' },
    ]) {
      expect(judged(parameters), JSON.stringify(parameters)).toBe('image-not-allowed');
    }
    expect(decide(own(), { profiles, ...only('registry.example/models') }).message).toContain(
      'the image "registry.example/own:1"',
    );
  });

  test('is told in at most 200 characters, whatever the reference and however long the list is', () => {
    const long = only(...Array.from({ length: 50 }, (_, at) => `registry-${at}.example/team/of/people`));
    for (const model of ['x'.repeat(2_000), '"\\"', '$(HOME)', '${image}']) {
      const { reason, message } = decide(own({ model }), { profiles, ...long });
      expect(reason).toBe('image-not-allowed');
      expect(message.length).toBeLessThanOrEqual(200);
    }
  });
});

describe('pods that are left alone', () => {
  test.each([
    ['not-asked', pod({}), {}],
    ['opted-out', pod({ 'pillion.dev/inject': 'none' }), { namespaceDefault: 'label' }],
    ['not-a-creation', pod(REPO), { operation: 'UPDATE' }],
    ['not-a-creation', pod(REPO), { subResource: 'ephemeralcontainers' }],
    ['not-a-creation', null, { operation: 'DELETE' }],
    ['not-a-pod', { kind: 'Deployment', metadata: { annotations: REPO }, spec: {} }, { kind: 'Deployment' }],
    ['system-namespace', pod(REPO), { namespace: 'kube-system' }],
    ['mirror-pod', pod({ ...REPO, 'kubernetes.io/config.mirror': 'x' }), {}],
    ['windows', pod(REPO, { os: { name: 'windows' } }), {}],
    ['windows', pod(REPO, { nodeSelector: { 'kubernetes.io/os': 'windows' } }), {}],
    ['host-network', pod(REPO, { hostNetwork: true }), {}],
  ] as const)('%s', (reason, subject, request) => {
    const decision = decide(subject, {}, request);
    expect(decision).toMatchObject({ outcome: 'unchanged', reason, patch: [] });
    expect(decision.pod).toBe(subject);
  });

  test('the label of the namespace is the default of pods that say nothing', () => {
    const { pod: after } = decide(
      { spec: { containers: [{ name: 'web' }] } },
      {},
      { namespaceDefault: 'label' },
    );
    expect(memberAt(after, 'metadata', 'labels', 'foo')).toBe('bar');
  });
});

describe('what is there already', () => {
  const once = decide(pod(REPO)).pod;

  test('another version of the profile stays, with a warning', () => {
    const later = decide(once, { image: 'registry.example/pillion:next' });
    expect(later).toMatchObject({ outcome: 'unchanged', reason: 'injected-by-another-version', patch: [] });
    expect(later.warnings).toHaveLength(1);
  });

  test('another version together with something new is refused', () => {
    const annotations = memberAt(once, 'metadata', 'annotations') as JsonMap;
    const more = {
      ...(once as JsonMap),
      metadata: { annotations: { ...annotations, 'pillion.dev/inject': 'git-sync, label' } },
    };
    expect(decide(more, { image: 'registry.example/pillion:next' })).toMatchObject({
      reason: 'mixed-versions',
    });
    expect(decide(more)).toMatchObject({ outcome: 'changed', reason: 'injected' });
  });

  test('a forged record makes nobody pass for injected', () => {
    for (const record of [
      'injected',
      '{}',
      textAt(once, 'metadata', 'annotations', 'pillion.dev/injected') ?? '',
    ]) {
      const decision = decide(pod({ ...REPO, 'pillion.dev/injected': record }));
      expect(decision.outcome).toBe('changed');
      expect(listAt(decision.pod, 'spec', 'initContainers')).toHaveLength(1);
    }
  });

  test("the application's own variable and label win, and that is reported", () => {
    const subject = {
      metadata: { labels: { foo: 'mine' }, annotations: { 'pillion.dev/inject': 'label, ca-bundle' } },
      spec: { containers: [{ name: 'web', env: [{ name: 'SSL_CERT_FILE', value: '/mine' }] }] },
    };
    const decision = decide(subject);
    expect(memberAt(decision.pod, 'metadata', 'labels', 'foo')).toBe('mine');
    const [web] = listAt(decision.pod, 'spec', 'containers');
    expect(listAt(web, 'env')[0]).toEqual({ name: 'SSL_CERT_FILE', value: '/mine' });
    expect(decision.warnings).toEqual([
      'label: the pod keeps its own label foo',
      'ca-bundle: the container web keeps its own SSL_CERT_FILE',
    ]);
  });
});

describe('clusters without native sidecars', () => {
  const old = { nativeSidecars: false, target: { major: 1, minor: 27 } };

  test('get an init container and a sidecar, and nothing that they do not know', () => {
    const { pod: after } = decide(pod(REPO), old);
    const [init] = listAt(after, 'spec', 'initContainers');
    const [, sidecar] = listAt(after, 'spec', 'containers');
    expect(member(init, 'restartPolicy')).toBeUndefined();
    expect(member(init, 'startupProbe')).toBeUndefined();
    expect(listAt(init, 'args')).toContain('--one-time');
    expect(textAt(sidecar, 'name')).toBe('pillion-git-sync');
  });

  test.each([
    ['1.27', 'init container and sidecar'],
    ['1.28', 'init container and sidecar'],
    ['1.29', 'native sidecar'],
    ['1.33', 'native sidecar'],
  ])('%s: %s', (text, expected) => {
    const target = parseVersion(text) ?? NEWEST_KNOWN;
    const settings = clusterSettings({ image: 'registry.example/pillion:test', target, allowImage: [] });
    const [init] = listAt(decide(pod(REPO), settings).pod, 'spec', 'initContainers');
    const isNative = member(init, 'restartPolicy') === 'Always' && member(init, 'startupProbe') !== undefined;
    expect(isNative ? 'native sidecar' : 'init container and sidecar').toBe(expected);
    expect(listAt(init, 'args').includes('--one-time')).toBe(!isNative);
  });

  test('a Job gets the run to the end alone, or a refusal: never a pod that does not end', () => {
    for (const job of [{ restartPolicy: 'Never' }, { restartPolicy: 'OnFailure' }]) {
      const { pod: after } = decide(pod(REPO, job), old);
      expect(listAt(after, 'spec', 'containers')).toHaveLength(1);
      expect(listAt(after, 'spec', 'initContainers')).toHaveLength(1);
    }
    const cron = { 'pillion.dev/inject': 'cron', 'pillion.dev/cron.configmap': 'jobs' };
    expect(decide(pod(cron, { restartPolicy: 'Never' }), old)).toMatchObject({
      reason: 'needs-native-sidecars',
    });
  });

  test('a field that is newer than the cluster is refused with the version that it needs', () => {
    const profile = profileOf({ volumes: [{ name: 'v-${instance}', image: { reference: 'x' } }] });
    const changes = { profiles: new Map([['own', profile]]), target: { major: 1, minor: 34 } };
    const decision = decide(pod({ 'pillion.dev/inject': 'own' }), changes);
    expect(decision).toMatchObject({ reason: 'needs-newer-kubernetes' });
    expect(decision.message).toBe('own: image needs Kubernetes 1.36; this cluster has 1.34');
  });
});

describe('pod-level resources', () => {
  const tight = {
    resources: { requests: { cpu: '5m', memory: '1Gi' }, limits: { cpu: '5m', memory: '100Mi' } },
  };

  test('are raised as far as needed, once', () => {
    const { pod: after, warnings } = decide(pod(REPO, tight));
    expect(memberAt(after, 'spec', 'resources')).toEqual({
      requests: { cpu: '10m', memory: '1Gi' },
      limits: { cpu: '10m', memory: '128Mi' },
    });
    expect(warnings[0]).toBe('spec.resources was raised to make room: requests.cpu 10m instead of 5m');
    expect(decide(after)).toMatchObject({ reason: 'already-injected' });
  });

  test('stay as they are where there is room, and where the pod says so', () => {
    const wide = { resources: { requests: { cpu: '1', memory: '1Gi' } } };
    expect(memberAt(decide(pod(REPO, wide)).pod, 'spec', 'resources')).toEqual(wide.resources);
    const decision = decide(pod({ ...REPO, 'pillion.dev/pod-resources': 'refuse' }, tight));
    expect(decision).toMatchObject({ outcome: 'refused', reason: 'pod-resources' });
    expect(decision.message).toContain('requests.cpu 10m instead of 5m');
  });
});

describe('what is put in is harmless', () => {
  const [container] = listAt(decide(pod(REPO)).pod, 'spec', 'initContainers');

  test('it passes PodSecurity "restricted" by itself, and asks for little', () => {
    expect(member(container, 'securityContext')).toEqual({
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(member(container, 'resources')).toEqual({
      requests: { cpu: '10m', memory: '64Mi' },
      limits: { memory: '128Mi' },
    });
  });

  test('it has no API token unless its profile says so', () => {
    const tokenMount = (subject: Json | undefined) =>
      listAt(subject, 'volumeMounts').some((mount) => textAt(mount, 'mountPath')?.includes('serviceaccount'));
    expect(tokenMount(container)).toBe(true);
    const [bare] = listAt(
      decide(pod(REPO, { automountServiceAccountToken: false })).pod,
      'spec',
      'initContainers',
    );
    expect(tokenMount(bare)).toBe(false);
    const trusted = profileOf({ apiToken: true, container: { name: 'x-${instance}', image: 'i:1' } });
    const profiles = new Map([['own', trusted]]);
    const [own] = listAt(
      decide(pod({ 'pillion.dev/inject': 'own' }), { profiles }).pod,
      'spec',
      'initContainers',
    );
    expect(tokenMount(own)).toBe(false);
  });
});
