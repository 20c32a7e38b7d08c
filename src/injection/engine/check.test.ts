import { describe, expect, it } from 'vitest';
import type { Json } from '../../kubernetes/json.ts';
import { pod } from '../testing/decide.ts';
import { checkedResult } from './check.ts';
import { isRefusal } from './decision.ts';
import type { Step } from './patch.ts';
import { viewPod } from './pod-view.ts';

const view = viewPod(pod({}));
if (isRefusal(view)) {
  throw new Error(view.message);
}
const container = { name: 'own', image: 'i:1' };
const step = {
  wanted: {
    volumes: [{ name: 'v' }],
    containers: [{ name: 'own', list: 'initContainers', json: container }],
  },
  status: 'new',
} as unknown as Step;
const add = (path: string, value: Json) => ({ op: 'add', path, value }) as const;
const lists = [add('/spec/initContainers', []), add('/spec/volumes', [])];
const volume = add('/spec/volumes/-', { name: 'v', emptyDir: {} });

describe('a patch before it is sent', () => {
  it('is applied to a copy, and what comes out has all that was wanted', () => {
    const patch = [...lists, volume, add('/spec/initContainers/-', container)];
    expect(checkedResult(view, patch, [step])).toMatchObject({ spec: { initContainers: [container] } });
    expect(view.pod).toEqual(pod({}));
  });

  it.each([
    ['does not apply', [volume], /volumes/],
    ['leaves out a container', [...lists, volume], /own is not in the patched pod/],
    ['leaves out a volume', [...lists, add('/spec/initContainers/-', container)], /v is not in the patched/],
    [
      'makes another container',
      [...lists, volume, add('/spec/initContainers/-', { ...container, image: 'i:2' })],
      /own is not as it was meant/,
    ],
  ] as const)('is found wrong when it %s', (_, patch, words) => {
    expect(() => checkedResult(view, patch, [step])).toThrow(words);
  });
});
