import fc from 'fast-check';
import jsonPatch from 'fast-json-patch';
import { describe, expect, test } from 'vitest';
import { isMap, type Json, type JsonMap, listAt, memberAt, textAt } from '../../kubernetes/json.ts';
import { decide, pod as podWith } from '../testing/decide.ts';
import { FOREIGN_EDITS } from '../testing/foreign-edits.ts';
import { MATRIX, WHOLE } from '../testing/matrix.ts';
import { ASKS, askingPod } from '../testing/pods.ts';
import { runsOf } from '../testing/runs.ts';
import { profileOf } from '../testing/settings.ts';
import { type Decision, isRefusal } from './decision.ts';
import { uninject } from './uninject.ts';

const clone = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;
const { numRuns, timeoutMs } = runsOf(100);

const names = (pod: Json, list: string) => listAt(pod, 'spec', list).map((item) => textAt(item, 'name'));

/** What a strict stranger makes of the same patch. */
function appliedByAnother(pod: Json, { patch }: Decision): Json {
  const operations = structuredClone(patch) as jsonPatch.Operation[];
  return jsonPatch.applyPatch(clone(pod), operations, true).newDocument;
}

const SETTINGS = { native: {}, pair: { nativeSidecars: false, target: { major: 1, minor: 27 } } };

describe.each(Object.entries(SETTINGS))('a pod that asks, on a cluster with %s sidecars', (mode, changes) => {
  const possible = (pod: Json) =>
    // cron cannot run once, so that a Job cannot have it without native sidecars.
    mode === 'native' ||
    textAt(pod, 'spec', 'restartPolicy') !== 'Never' ||
    !textAt(pod, 'metadata', 'annotations', 'pillion.dev/inject')?.includes('cron');

  test(
    'gets a patch of additions that two appliers agree on, and nothing of its own changes',
    () => {
      fc.assert(
        fc.property(askingPod.filter(possible), (pod) => {
          const before = JSON.stringify(pod);
          const decision = decide(pod, changes);
          expect(decision).toMatchObject({ outcome: 'changed', reason: 'injected' });
          expect(JSON.stringify(pod)).toBe(before);
          expect(appliedByAnother(pod, decision)).toEqual(decision.pod);
          expect(decision.patch.every(({ op }) => op === 'add')).toBe(true);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test(
    'has nothing left to do the second time',
    () => {
      fc.assert(
        fc.property(askingPod.filter(possible), (pod) => {
          const once = decide(pod, changes).pod;
          expect(decide(once, changes)).toMatchObject({
            outcome: 'unchanged',
            reason: 'already-injected',
            patch: [],
          });
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test(
    'is as it was when everything is taken out again',
    () => {
      fc.assert(
        fc.property(askingPod.filter(possible), (pod) => {
          const back = uninject(decide(pod, changes).pod);
          expect(back === undefined || isRefusal(back) ? back : back.pod).toEqual(pod);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test(
    'is complete again in one step after others have edited it',
    () => {
      fc.assert(
        fc.property(askingPod.filter(possible), fc.constantFrom(...FOREIGN_EDITS), (pod, edit) => {
          const edited = edit(clone(decide(pod, changes).pod) as never);
          const repaired = decide(edited, changes);
          expect(repaired.outcome).not.toBe('refused');
          expect(decide(repaired.pod, changes)).toMatchObject({ outcome: 'unchanged', patch: [] });
          for (const list of ['containers', 'initContainers', 'volumes']) {
            expect(new Set(names(repaired.pod, list)).size).toBe(names(repaired.pod, list).length);
          }
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );
});

describe('the matrix of missing lists', () => {
  test(`each of the ${MATRIX.length} pods is injected, completely, whatever is absent, empty or there`, () => {
    const profiles = new Map([['own', profileOf(WHOLE)]]);
    for (const pod of MATRIX) {
      const decision = decide(pod, { profiles }, { namespaceDefault: 'own' });
      expect(appliedByAnother(pod, decision)).toEqual(decision.pod);
      expect(names(decision.pod, 'initContainers')).toContain('side-own');
      expect(names(decision.pod, 'volumes')).toContain('vol-own');
      const web = listAt(decision.pod, 'spec', 'containers')[0];
      expect(listAt(web, 'volumeMounts').at(-1)).toEqual({ name: 'vol-own', mountPath: '/own' });
      expect(listAt(web, 'env').at(-1)).toEqual({ name: 'OWN', value: 'yes' });
      expect(memberAt(decision.pod, 'metadata', 'labels', 'foo')).toBe('bar');
      const back = uninject(decision.pod);
      expect(isMap(back) && 'pod' in back ? back.pod : back).toEqual(pod);
    }
  });
});

describe('what a patch is like', () => {
  test('one sidecar takes at most eight operations, and the untouched parts are the very same', () => {
    for (const ask of ASKS.slice(0, 1)) {
      const pod = podWith(ask, {
        initContainers: [{ name: 'migrate', image: 'm' }],
        volumes: [{ name: 'data', emptyDir: {} }],
        containers: [{ name: 'web', image: 'nginx', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      });
      const { patch, pod: after } = decide(pod);
      expect(patch.length).toBeLessThanOrEqual(8);
      expect(listAt(after, 'spec', 'volumes')[0]).toBe(listAt(pod, 'spec', 'volumes')[0]);
    }
  });

  test('twice the containers cost little more than twice the time', () => {
    const pod = (containers: number) =>
      podWith(ASKS[0] ?? {}, {
        containers: Array.from({ length: containers }, (_, at) => ({
          name: `c${at}`,
          image: 'nginx',
          env: Array.from({ length: 20 }, (__, each) => ({ name: `E${each}`, value: 'v' })),
        })),
      });
    /** Processor time in ms: other work on the machine does not count. */
    const cost = (subject: JsonMap) => {
      const before = process.cpuUsage();
      decide(subject);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    const [small, large] = [pod(2_000), pod(8_000)];
    cost(small);
    // By turns, so that both meet the machine in the same state.
    const costs = Array.from({ length: 5 }, () => [cost(small), cost(large)] as const);
    const least = (which: 0 | 1) => Math.min(...costs.map((pair) => pair[which]));
    expect(least(1)).toBeLessThan(8 * least(0) + 20);
  });
});

describe('where init containers go', () => {
  const ask = { 'pillion.dev/inject': 'a=early, b=middle, c=late, d=early' };
  const profiles = new Map(
    (['first', 'before', 'after'] as const).map((phase, at) => {
      const name = ['early', 'middle', 'late'][at] ?? '';
      return [name, profileOf({ phase, container: { name: 'p-${instance}', image: 'i:1' } }, name)];
    }),
  );

  test('phases decide: ahead of all, behind the leading sidecars, at the end', () => {
    const pod = podWith(ask, {
      initContainers: [
        { name: 'mesh', restartPolicy: 'Always' },
        { name: 'migrate' },
        { name: 'log', restartPolicy: 'Always' },
      ],
    });
    const { pod: after } = decide(pod, { profiles });
    expect(names(after, 'initContainers')).toEqual(['p-a', 'p-d', 'mesh', 'p-b', 'migrate', 'log', 'p-c']);
  });

  test('the order is the same where there were no init containers', () => {
    expect(names(decide(podWith(ask), { profiles }).pod, 'initContainers')).toEqual([
      'p-a',
      'p-d',
      'p-b',
      'p-c',
    ]);
  });

  test('restartPolicy Always and nothing else makes a sidecar', () => {
    const initContainers = ['Never', 'OnFailure'].map((restartPolicy, at) => ({
      name: `i${at}`,
      restartPolicy,
    }));
    const { pod: after } = decide(podWith({ 'pillion.dev/inject': 'middle' }, { initContainers }), {
      profiles,
    });
    expect(names(after, 'initContainers')[0]).toBe('p-middle');
  });
});
