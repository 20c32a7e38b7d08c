import { describe, expect, it } from 'vitest';
import { deferred } from '../../core/deferred.ts';
import { settle } from '../../core/testing/fake-clock.ts';
import { createSlots } from './slots.ts';

function scene(size: number) {
  const slots = createSlots(size);
  const started: string[] = [];
  const stop = new AbortController();
  const begin = (root: string, isTroubled = false, signal: AbortSignal = stop.signal) => {
    const end = deferred<void>();
    const done = slots.run({ root, isTroubled }, signal, () => {
      started.push(root);
      return end.promise;
    });
    done.catch(() => undefined);
    return { end: () => end.resolve(), fail: () => end.reject(new Error('x')), done };
  };
  return { slots, started, begin };
}

describe('slots', () => {
  it('are taken in the order of requests, no more than there are', async () => {
    const { slots, started, begin } = scene(2);
    const all = ['a', 'b', 'c', 'd'].map((root) => begin(root));
    await settle();
    expect(started).toEqual(['a', 'b']);
    expect([slots.running(), slots.waiting()]).toEqual([2, 2]);
    all[1]?.fail();
    await settle();
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('are given to one sync of a root at a time, and to others meanwhile', async () => {
    const { started, begin } = scene(3);
    const first = begin('a');
    begin('a');
    begin('b');
    await settle();
    expect(started).toEqual(['a', 'b']);
    first.end();
    await settle();
    expect(started).toEqual(['a', 'b', 'a']);
  });

  it('are half for what has failed, so that the rest is never held up by it', async () => {
    const { started, begin } = scene(4);
    ['x1', 'x2', 'x3'].forEach((root) => begin(root, true));
    ['a', 'b'].forEach((root) => begin(root));
    await settle();
    expect(started).toEqual(['x1', 'x2', 'a', 'b']);
  });

  it('are one for all where there is one', async () => {
    const { started, begin } = scene(1);
    const failed = begin('x', true);
    begin('y', true);
    begin('a');
    await settle();
    expect(started).toEqual(['x']);
    failed.end();
    await settle();
    expect(started).toEqual(['x', 'a']);
  });

  it('are not waited for any longer by what is stopped', async () => {
    const { slots, started, begin } = scene(1);
    const first = begin('a');
    const controller = new AbortController();
    const second = begin('b', false, controller.signal);
    controller.abort(new Error('removed'));
    await expect(second.done).rejects.toThrow('removed');
    expect(slots.waiting()).toBe(0);
    first.end();
    await settle();
    expect(started).toEqual(['a']);
    await expect(begin('c', false, controller.signal).done).rejects.toThrow('removed');
  });

  it('can become more', async () => {
    const { slots, started, begin } = scene(1);
    ['a', 'b', 'c'].forEach((root) => begin(root));
    slots.resize(2);
    await settle();
    expect(started).toEqual(['a', 'b']);
  });
});
