import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyPatch, escapeStep, PatchError, pointer, pointerSteps } from './json-patch.ts';

describe('a strict JSON Patch', () => {
  test('adds to objects and lists, at a position and at the end', () => {
    const pod = { spec: { containers: [{ name: 'a' }, { name: 'b' }] } };
    const patched = applyPatch(pod, [
      { op: 'add', path: '/spec/initContainers', value: [] },
      { op: 'add', path: '/spec/initContainers/-', value: { name: 'y' } },
      { op: 'add', path: '/spec/initContainers/0', value: { name: 'x' } },
      { op: 'add', path: '/spec/containers/1/env', value: [] },
    ]);
    expect(patched).toEqual({
      spec: {
        containers: [{ name: 'a' }, { name: 'b', env: [] }],
        initContainers: [{ name: 'x' }, { name: 'y' }],
      },
    });
    expect(pod).toEqual({ spec: { containers: [{ name: 'a' }, { name: 'b' }] } });
  });

  test.each([
    ['a missing parent', '/spec/volumes/-', 'add'],
    ['an index behind the end', '/list/3', 'add'],
    ['an index that is no number', '/list/01', 'add'],
    ['a replacement of nothing', '/none', 'replace'],
    ['a removal of nothing', '/list/2', 'remove'],
    ['the end of a list, for removal', '/list/-', 'remove'],
    ['a path without a slash', 'list', 'add'],
    ['a bad escape', '/a~2b', 'add'],
    ['a step into a text', '/text/x', 'add'],
    ['the whole document', '', 'add'],
  ] as const)('%s is refused', (_, path, op) => {
    const document = { list: [1, 2], text: 'x' };
    const operation = op === 'remove' ? { op, path } : { op, path, value: 1 };
    expect(() => applyPatch(document, [operation])).toThrow(PatchError);
  });

  test('a pointer says the same after it was escaped and read', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (steps) => {
        expect(pointerSteps(pointer(...steps))).toEqual(steps);
      }),
    );
    expect(escapeStep('pillion.dev/~x')).toBe('pillion.dev~1~0x');
  });

  test('what is not reached is the same object, and a key named __proto__ stays a key', () => {
    const document = JSON.parse('{"a":{"x":1},"b":{"__proto__":{"y":2}}}') as { a: object; b: object };
    const patched = applyPatch(document as never, [{ op: 'add', path: '/b/z', value: 3 }]) as typeof document;
    expect(patched.a).toBe(document.a);
    expect(JSON.stringify(patched.b)).toBe('{"__proto__":{"y":2},"z":3}');
  });
});
