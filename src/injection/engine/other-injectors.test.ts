/** Others put their own into the same pod, before us and after us. */
import jsonPatch from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import { isMap, type Json, listAt, textAt } from '../../kubernetes/json.ts';
import { podState } from '../server/pods/pod-state.ts';
import { type Admission, admitted, MESH, MIRROR, SECRETS } from '../testing/admission.ts';
import { decide, pod } from '../testing/decide.ts';
import { ASKS } from '../testing/pods.ts';
import { testSettings } from '../testing/settings.ts';
import type { PatchOperation } from './json-patch.ts';
import { uninject } from './uninject.ts';

/** Our webhook as it is installed. */
function ours(mode: object): Admission {
  return {
    name: 'pillion',
    reinvocation: 'IfNeeded',
    mutate(before) {
      const { patch, outcome } = decide(before, mode);
      expect(outcome).not.toBe('refused');
      const copy = JSON.parse(JSON.stringify(before)) as Json;
      return jsonPatch.applyPatch(copy, structuredClone(patch) as never, true).newDocument;
    },
  };
}

const names = (subject: Json) =>
  ['initContainers', 'containers', 'volumes'].flatMap((list) =>
    listAt(subject, 'spec', list).map((item) => `${list} ${textAt(item, 'name')}`),
  );

/** What a patch would still change, apart from the containers of the mesh. */
function placesOf(patch: readonly PatchOperation[], subject: Json): string[] {
  return patch
    .map(({ path }) => path)
    .filter((path) => {
      const [, list = '', at = ''] = /^\/spec\/([a-zA-Z]+)\/([0-9]+)\//.exec(path) ?? [];
      return textAt(listAt(subject, 'spec', list)[Number(at)], 'name')?.startsWith('istio-') !== true;
    });
}

const MODES = { native: {}, older: { nativeSidecars: false, target: { major: 1, minor: 27 } } };
const OTHERS: readonly (readonly Admission[])[] = [[MESH], [SECRETS], [MIRROR], [MESH, SECRETS, MIRROR]];
const CASES = Object.entries(MODES).flatMap(([mode, changes]) =>
  OTHERS.flatMap((others) =>
    Array.from({ length: others.length + 1 }, (_, at) => {
      const chain = [...others.slice(0, at), ours(changes), ...others.slice(at)];
      return { order: chain.map(({ name }) => name).join(', '), mode, changes, chain };
    }),
  ),
);

describe.each(CASES)('$order, with $mode sidecars', ({ changes, chain, order }) => {
  it.each(ASKS.map((ask) => [ask['pillion.dev/inject'], ask] as const))(
    'leave %s complete, and everything there once',
    (_what, ask) => {
      const asked = pod(ask, {
        initContainers: [{ name: 'migrate', image: 'app' }],
        volumes: [{ name: 'data', emptyDir: {} }],
      });
      const final = admitted(asked, chain);
      // A mesh that makes its own containers again each time is asked after us: what these lack is nobody's loss.
      expect(placesOf(decide(final, changes).patch, final)).toEqual([]);
      expect(podState({ pod: final, namespace: 'default' }, testSettings(changes))).toBe('injected');
      const all = names(final);
      expect(new Set(all).size).toBe(all.length);
      const ownNames = decide(asked, changes).instances.flatMap(({ containers }) => containers);
      expect(ownNames.filter((name) => all.some((each) => each.endsWith(`ontainers ${name}`)))).toEqual(
        ownNames,
      );
      expect(all.includes('initContainers istio-proxy')).toBe(order.includes('mesh'));
      expect(all.includes('containers vault-agent')).toBe(order.includes('secrets'));
      // Asked once more, as by a client that creates it again from what it has read: nothing is left to do.
      expect(admitted(final, chain)).toEqual(final);
      const back = uninject(final);
      const rest = isMap(back) && 'pod' in back ? back.pod : final;
      expect(names(rest).filter((each) => ownNames.some((name) => each.endsWith(` ${name}`)))).toEqual([]);
      expect(names(rest)).toContain('initContainers migrate');
    },
  );
});
