import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decide } from '../../src/injection/engine/decide.ts';
import { BAD_ANNOTATIONS } from '../../src/injection/testing/refused.ts';
import { testSettings } from '../../src/injection/testing/settings.ts';
import type { Json, JsonMap } from '../../src/kubernetes/json.ts';
import { runPillion } from '../support/pillion.ts';
import { type DryRun, dryRun } from './support/api.ts';
import { corpusPods } from './support/corpus.ts';
import { imageUnderTest, KUBERNETES_MINOR } from './support/environment.ts';
import { type Installation, install } from './support/install.ts';
import { TestNamespace, useNamespace } from './support/namespace.ts';
import { firm } from './support/policy-comparison.ts';
import { sendable, settled } from './support/settled-pods.ts';

interface Expectation {
  readonly name: string;
  readonly sent: JsonMap;
  /** The pod that the engine makes, or what it refuses it for. */
  readonly made: DryRun;
}

/** Annotations of plain text: the engine shows other signs of what cannot be printed than a policy does. */
const BAD = BAD_ANNOTATIONS.filter(([annotations]) =>
  Object.values(annotations).every((text) => typeof text === 'string' && /^[ -~]*$/.test(text)),
);

// Every pod of the corpus by the engine, by the webhook and by the policies on the real server: one pod, three times.
describe.skipIf(KUBERNETES_MINOR < 36)('three ways (skipped below Kubernetes 1.36)', () => {
  const namespace = useNamespace('three-ways');
  const expectations: Expectation[] = [];
  let installed: Installation | undefined;

  /** What becomes of a pod on the server now. */
  async function tryToMake(object: Json): Promise<DryRun> {
    const made = await dryRun(namespace.name, object);
    return 'refused' in made ? made : { pod: settled(made.pod) };
  }

  async function mustBeMade(object: Json, what: string): Promise<JsonMap> {
    const made = await tryToMake(object);
    if ('refused' in made) {
      throw new Error(`${what} is refused where nothing injects: ${made.refused}`);
    }
    return made.pod;
  }

  beforeAll(async () => {
    const settings = testSettings({ image: imageUnderTest() });
    const version = (await runPillion(['inject', '--version'])).stdout.trim();
    const bad = BAD.map(([annotations], at) => ({
      name: `bad annotations ${at}`,
      pod: { metadata: { annotations }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
    }));
    for (const [at, { name, pod }] of [...(await corpusPods()), ...bad].entries()) {
      const sent = sendable(pod, `pod-${at}`);
      const bare = await mustBeMade(sent, name);
      const decision = decide({ pod: bare, namespace: namespace.name }, settings, version);
      // The server fills in its defaults of what the engine has put in.
      const made: DryRun =
        decision.outcome === 'refused'
          ? { refused: firm(decision.message, false) }
          : { pod: await mustBeMade(decision.pod, `${name}, injected`) };
      expectations.push({ name, sent, made });
    }
    expect(expectations.filter(({ made }) => 'pod' in made).length).toBeGreaterThan(15);
  });
  afterEach(async () => {
    await installed?.remove();
    installed = undefined;
  });

  async function compare(): Promise<void> {
    for (const { name, sent, made } of expectations) {
      const now = await tryToMake(sent);
      if ('refused' in made) {
        expect.soft('refused' in now ? now.refused : 'made', name).toContain(made.refused);
      } else {
        expect.soft(now, name).toEqual(made);
      }
    }
  }

  it('the webhook gives every pod what the engine gives it', async () => {
    installed = await install([], namespace.name);
    const injector = new TestNamespace('pillion');
    await injector.waitFor('deployment/pillion-injector', {
      until: 'jsonpath={.status.availableReplicas}=3',
    });
    await compare();
  });

  it('the policies give every pod what the engine gives it', async () => {
    installed = await install(['--mode=policy'], namespace.name);
    await compare();
  });
});
