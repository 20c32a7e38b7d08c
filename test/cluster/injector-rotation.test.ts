import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, install, outcomeOf } from './support/install.ts';
import { TestNamespace, useNamespace } from './support/namespace.ts';
import { PROXY, withProxy } from './support/with-proxy.ts';

// Three replicas, whose authority and certificates change under load: the real API server among those who ask.
const namespace = useNamespace('rotation', { podSecurity: 'restricted' });
const injector = new TestNamespace('pillion');
const PROGRAM = fileURLToPath(new URL('support/pod-programs/reviews.ts', import.meta.url));
/** After two thirds of its life an authority is replaced, which takes two fifths more. */
const LIVES = ['--arg=--ca-life=60s', '--arg=--certificate-life=20s'];
const LONGEST_SECONDS = 300;
let installed: Installation | undefined;

interface Report {
  readonly count: number;
  readonly perSecond: number;
  readonly rotated: boolean;
  readonly bundles: number;
  readonly certificates: number;
  readonly failures: readonly string[];
}

beforeAll(async () => {
  installed = await install(LIVES, namespace.name);
  await injector.waitFor('deployment/pillion-injector', { until: 'jsonpath={.status.availableReplicas}=3' });
});
afterAll(async () => {
  await installed?.remove();
});

/** Pods that the real API server makes in words only, one after the other; what became of them. */
function watchPods(): { stop(): Promise<ReadonlyMap<string, number>> } {
  const outcomes = new Map<string, number>();
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      const outcome = await outcomeOf(namespace.name, 'label');
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      await delay(50);
    }
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return outcomes;
    },
  };
}

it('replaces authority and certificates under 200 requests a second, and not one of them fails', async () => {
  const address = `${await injector.get('service/pillion-injector', '.spec.clusterIP')}:443`;
  const pods = watchPods();
  const load = await withProxy([process.execPath, PROGRAM, PROXY, address, '200', String(LONGEST_SECONDS)]);
  const outcomes = await pods.stop();
  expect(load).toMatchObject({ code: 0, stderr: '' });
  const report = JSON.parse(load.stdout) as Report;
  console.log(`rotation: ${load.stdout.trim()}, pods made: ${JSON.stringify([...outcomes])}`);
  expect(report.failures).toEqual([]);
  expect(report.rotated).toBe(true);
  // Old; old and new; new: and certificates of three replicas, each several times.
  expect(report.bundles).toBeGreaterThanOrEqual(3);
  expect(report.certificates).toBeGreaterThan(6);
  expect(report.perSecond).toBeGreaterThan(100);
  expect([...outcomes.keys()]).toEqual(['bar']);
});
