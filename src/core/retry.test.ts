import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { PillionError } from './errors.ts';
import { backoff, retry } from './retry.ts';

const { signal } = new AbortController();
const passing = new PillionError({ code: 'x', message: 'passing' });
const final = new PillionError({ code: 'x', message: 'final' });

/** A clock on which waiting takes no time and is written down. */
function patientClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => 0,
    monotonic: () => 0,
    sleep: async (ms) => {
      waits.push(ms);
    },
  };
}

describe('backoff', () => {
  it('grows from the first wait to the longest', () => {
    const delays = backoff({ initialMs: 100, maxMs: 1000, factor: 3 });
    expect([1, 2, 3, 4, 5].map(delays)).toEqual([100, 300, 900, 1000, 1000]);
  });

  it('stays between (1 - jitter) and 1 of the full wait, for any number of retries', () => {
    const options = fc.record({
      initialMs: fc.nat(10_000),
      maxMs: fc.nat(100_000),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    });
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 100_000 }), ({ random, ...rest }, n) => {
        const full = backoff({ ...rest, jitter: 0 })(n);
        const wait = backoff({ ...rest, random: () => random })(n);
        expect(full).toBeLessThanOrEqual(rest.maxMs);
        expect(wait).toBeLessThanOrEqual(full);
        expect(wait).toBeGreaterThanOrEqual(full * (1 - rest.jitter));
      }),
    );
  });
});

describe('retry', () => {
  it('tries until it succeeds, waiting longer and longer', async () => {
    const clock = patientClock();
    const options = { attempts: 5, delays: backoff({ initialMs: 10, maxMs: 1000 }), signal, clock };
    const result = await retry(async (attempt) => {
      if (attempt < 4) {
        throw passing;
      }
      return attempt;
    }, options);
    expect(result).toBe(4);
    expect(clock.waits).toEqual([10, 20, 40]);
  });

  it('throws the last error when the attempts are used up', async () => {
    const clock = patientClock();
    const seen: number[] = [];
    const options = { attempts: 3, delays: () => 1, signal, clock };
    const work = async (attempt: number) => {
      seen.push(attempt);
      throw passing;
    };
    await expect(retry(work, options)).rejects.toBe(passing);
    expect(seen).toEqual([1, 2, 3]);
    expect(clock.waits).toEqual([1, 1]);
  });

  it('does not try again after an error that is final', async () => {
    const clock = patientClock();
    const retryable = (error: unknown) => error !== final;
    const options = { attempts: 3, delays: () => 1, signal, clock, retryable };
    await expect(retry(() => Promise.reject(final), options)).rejects.toBe(final);
    expect(clock.waits).toEqual([]);
  });

  it('tells the error, the attempt and the delay before each wait', async () => {
    const retries: [unknown, number, number][] = [];
    const options = {
      attempts: 2,
      delays: () => 7,
      signal,
      clock: patientClock(),
      onRetry: (error: unknown, attempt: number, delayMs: number) => retries.push([error, attempt, delayMs]),
    };
    await expect(retry(() => Promise.reject(final), options)).rejects.toBe(final);
    expect(retries).toEqual([[final, 1, 7]]);
  });

  it('ends its wait when it is aborted, with the reason, and leaves no listener', async () => {
    const abort = new AbortController();
    const reason = new Error('stop');
    const options = {
      attempts: Number.POSITIVE_INFINITY,
      delays: () => 60_000,
      signal: abort.signal,
      onRetry: () => setTimeout(() => abort.abort(reason), 5),
    };
    await expect(retry(() => Promise.reject(passing), options)).rejects.toBe(reason);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });

  it('starts nothing on a signal that is aborted already', async () => {
    const reason = new Error('stop');
    const options = { attempts: 3, delays: () => 1, signal: AbortSignal.abort(reason) };
    await expect(retry(() => Promise.reject(new Error('called')), options)).rejects.toBe(reason);
  });
});
