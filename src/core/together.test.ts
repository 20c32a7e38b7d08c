import { describe, expect, it } from 'vitest';
import { together } from './together.ts';

const never = new AbortController().signal;
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

describe('two pieces of work together', () => {
  it('give both results, and run at the same time', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const second = async () => {
      resolve('of the second');
      return 2;
    };
    expect(await together(never, () => promise, second)).toEqual(['of the second', 2]);
  });

  it('end with the first failure, when the other has ended too', async () => {
    const ends: string[] = [];
    const other = (signal: AbortSignal) => untilAborted(signal).finally(() => ends.push('the other'));
    const fail = async () => Promise.reject(new Error('first'));
    await expect(together(never, other, fail)).rejects.toThrow('first');
    await expect(together(never, fail, other)).rejects.toThrow('first');
    expect(ends).toEqual(['the other', 'the other']);
  });

  it('end with their parent', async () => {
    const parent = new AbortController();
    const both = together(parent.signal, untilAborted, untilAborted);
    parent.abort(new Error('no longer wanted'));
    await expect(both).rejects.toThrow('no longer wanted');
  });
});
