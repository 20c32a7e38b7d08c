import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../src/core/version.ts';
import { decide } from '../../src/injection/engine/decide.ts';
import type { Decision } from '../../src/injection/engine/decision.ts';
import { BAD_ANNOTATIONS } from '../../src/injection/testing/refused.ts';
import { testSettings } from '../../src/injection/testing/settings.ts';
import {
  isMap,
  type Json,
  type JsonMap,
  listAt,
  member,
  memberAt,
  textAt,
} from '../../src/kubernetes/json.ts';
import { type CorpusPod, corpusPods } from './support/corpus.ts';
import { imageUnderTest, KUBERNETES_MINOR } from './support/environment.ts';
import { install } from './support/install.ts';
import { tryInside } from './support/kubectl.ts';
import { TestNamespace, useNamespace } from './support/namespace.ts';

// Every pod of the corpus by the engine, by the webhook and by the policies on the real server: one pod, three times.
const namespace = useNamespace('three-ways');
const injector = new TestNamespace('pillion');

/** As a person would send it: with a name, in the namespace of the test, and every volume that it mounts. */
function sendable({ name, pod }: CorpusPod, at: number): { name: string; pod: JsonMap } {
  const spec = memberAt(pod, 'spec') as JsonMap;
  const declared = listAt(spec, 'volumes');
  const containers = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
  const mounted = containers
    .flatMap((each) => listAt(each, 'volumeMounts'))
    .map((mount) => textAt(mount, 'name'));
  const missing = [...new Set(mounted)].filter(
    (each) => !declared.some((volume) => textAt(volume, 'name') === each),
  );
  const volumes = [...declared, ...missing.map((each) => ({ name: each ?? '', emptyDir: {} }))];
  const { annotations, labels } = memberAt(pod, 'metadata') as JsonMap;
  return {
    name,
    pod: withoutNull({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `corpus-${at}`, annotations: annotations ?? null, labels: labels ?? null },
      spec: { ...spec, serviceAccountName: null, ...(volumes.length > 0 && { volumes }) },
    }) as JsonMap,
  };
}

function withoutNull(value: Json): Json {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map(withoutNull);
  }
  return isMap(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNull(inner)]])),
      )
    : value;
}

type Made = { readonly pod: JsonMap } | { readonly refused: string };

/** What would become of a pod on the server now. */
async function dryRun(object: Json): Promise<Made> {
  const { code, stdout, stderr } = await tryInside(
    ['kubectl', '--namespace', namespace.name, 'create', '--filename=-', '--dry-run=server', '--output=json'],
    JSON.stringify(object),
  );
  return code === 0 ? { pod: settled(JSON.parse(stdout) as JsonMap) } : { refused: stderr };
}

/** Without what is made up anew for each pod, and what only the server writes. */
function settled(pod: JsonMap): JsonMap {
  const { metadata, spec } = pod;
  const { name, annotations, labels } = metadata as JsonMap;
  const plain = withoutNull({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: name ?? null, annotations: annotations ?? null, labels: labels ?? null },
    spec: spec ?? null,
  });
  return JSON.parse(
    JSON.stringify(plain).replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-12345'),
  ) as JsonMap;
}

const settings = testSettings({ image: imageUnderTest() });
const offline = (pod: Json): Decision => decide({ pod, namespace: namespace.name }, settings, version);
/** What of a message is no guess at what was meant: that is only made by the engine itself. */
const firm = (message: string) =>
  message.split(/; (?:did you mean|there are)|: (?:did you mean|belongs to)/)[0] ?? '';

interface Expectation {
  readonly name: string;
  readonly sent: JsonMap;
  readonly pod: JsonMap | undefined;
  readonly refused: string | undefined;
}

describe.skipIf(KUBERNETES_MINOR < 36)('three ways (skipped below Kubernetes 1.36)', () => {
  const expectations: Expectation[] = [];

  beforeAll(async () => {
    const bad = BAD_ANNOTATIONS.filter(([annotations]) =>
      Object.values(annotations).every((text) => /^[ -~]*$/.test(JSON.stringify(text))),
    ).map(
      ([annotations], at): CorpusPod => ({
        name: `bad annotations ${at}`,
        pod: { metadata: { annotations }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
      }),
    );
    for (const { name, pod } of [...(await corpusPods()), ...bad].map(sendable)) {
      const bare = await dryRun(pod);
      if ('refused' in bare) {
        throw new Error(`${name} is refused without any injection: ${bare.refused}`);
      }
      const decision = offline(bare.pod);
      const whole = decision.outcome === 'refused' ? undefined : await dryRun(decision.pod);
      if (whole !== undefined && 'refused' in whole) {
        throw new Error(`${name} is refused after the engine's injection: ${whole.refused}`);
      }
      expectations.push({
        name,
        sent: pod,
        pod: whole?.pod,
        refused: decision.outcome === 'refused' ? firm(decision.message) : undefined,
      });
    }
    expect(expectations.filter(({ pod }) => member(pod, 'spec') !== undefined).length).toBeGreaterThan(15);
  });

  async function compare(): Promise<void> {
    for (const { name, sent, pod, refused } of expectations) {
      const made = await dryRun(sent);
      if (refused !== undefined) {
        expect.soft('refused' in made ? made.refused : 'made', name).toContain(refused);
      } else {
        expect.soft('pod' in made ? made.pod : made.refused, name).toEqual(pod);
      }
    }
  }

  it('the webhook gives every pod what the engine gives it', async () => {
    const installed = await install([], namespace.name);
    await injector.waitFor('deployment/pillion-injector', {
      until: 'jsonpath={.status.availableReplicas}=3',
    });
    try {
      await compare();
    } finally {
      await installed.remove();
    }
  });

  describe('without a server', () => {
    let remove: (() => Promise<void>) | undefined;
    afterAll(async () => remove?.());

    it('the policies give every pod what the engine gives it', async () => {
      const installed = await install(['--mode=policy'], namespace.name);
      remove = () => installed.remove();
      await compare();
    });
  });
});
