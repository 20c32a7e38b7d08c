import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { untilAborted } from './until-aborted.ts';

describe('untilAborted', () => {
  it('settles as the work does, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('rejects with the reason of the abort while the work hangs, and hands on what comes late', async () => {
    const abort = new AbortController();
    let finish: (value: string) => void = () => {};
    const work = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const late: string[] = [];
    const pending = untilAborted(work, abort.signal, (value) => late.push(value));
    abort.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    finish('late');
    await work;
    expect(late).toEqual(['late']);
  });

  it('drops what fails late, also when it was aborted before', async () => {
    const work = Promise.reject(new Error('late'));
    await expect(untilAborted(work, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });
});
