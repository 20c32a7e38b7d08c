import { describe, expect, it } from 'vitest';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { createTokenCache } from './token-cache.ts';

const { signal } = new AbortController();
const MINUTE = 60_000;

/** A cache, its clock, and what its source answers from now on: the life of a token in milliseconds, or a failure. */
function scene(life: number | undefined | Error) {
  const state = { now: 0, life, asked: 0 };
  const { log, lines } = createRecordedLog();
  const cache = createTokenCache({
    name: 'test',
    now: () => state.now,
    log,
    async ask() {
      state.asked += 1;
      if (state.life instanceof Error) {
        throw state.life;
      }
      return {
        number: state.asked,
        expiresAt: state.life === undefined ? undefined : state.now + state.life,
      };
    },
  });
  const at = async (now: number) => {
    state.now = now;
    return (await cache.current(signal)).number;
  };
  return { state, cache, at, lines };
}

describe('a token', () => {
  it('is kept until five minutes before its end', async () => {
    const { at } = scene(60 * MINUTE);
    expect([await at(0), await at(54 * MINUTE), await at(55 * MINUTE)]).toEqual([1, 1, 2]);
  });

  it('that lives for minutes is kept for two thirds of them', async () => {
    const { at } = scene(3 * MINUTE);
    expect([await at(0), await at(2 * MINUTE - 1), await at(2 * MINUTE)]).toEqual([1, 1, 2]);
  });

  it('without an end is asked for each time', async () => {
    const { at } = scene(undefined);
    expect([await at(0), await at(1)]).toEqual([1, 2]);
  });

  it('that was refused is not used again', async () => {
    const { at, cache } = scene(60 * MINUTE);
    await at(0);
    cache.forget();
    expect(await at(1)).toBe(2);
  });

  it('is used to its end while no other can be had, which is asked for now and then', async () => {
    const { at, state, lines } = scene(60 * MINUTE);
    await at(0);
    state.life = new Error('no answer');
    expect([await at(55 * MINUTE), await at(55 * MINUTE + 1), state.asked]).toEqual([1, 1, 2]);
    expect(lines.join()).toContain('no answer');
    await at(56 * MINUTE);
    expect(state.asked).toBe(3);
    await expect(at(60 * MINUTE - 9000)).rejects.toThrow('no answer');
  });

  it('without an end is not used when no other can be had', async () => {
    const { at, state } = scene(undefined);
    await at(0);
    state.life = new Error('no answer');
    await expect(at(1)).rejects.toThrow('no answer');
  });
});
