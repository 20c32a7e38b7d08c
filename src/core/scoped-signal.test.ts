import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { withSignal } from './scoped-signal.ts';

describe('withSignal', () => {
  it('leaves no listener on the parent after the work has ended', async () => {
    const parent = new AbortController();
    for (let i = 0; i < 20; i += 1) {
      await withSignal(parent.signal, { timeoutMs: 60_000 }, () => Promise.resolve(i));
    }
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('ends the work when the time is over, with the reason asked for', async () => {
    const parent = new AbortController();
    const work = withSignal(parent.signal, { timeoutMs: 5, reason: () => new Error('too slow') }, (signal) =>
      systemClock.sleep(60_000, signal),
    );
    await expect(work).rejects.toThrow('too slow');
  });

  it('takes 600 hours for what they are', async () => {
    const work = withSignal(new AbortController().signal, { timeoutMs: 600 * 3_600_000 }, async (signal) => {
      await systemClock.sleep(20);
      return signal.aborted;
    });
    await expect(work).resolves.toBe(false);
  });

  it('ends the work with its parent, also when that was aborted before', async () => {
    const parent = new AbortController();
    const work = withSignal(parent.signal, {}, (signal) => systemClock.sleep(60_000, signal));
    parent.abort(new Error('the end'));
    await expect(work).rejects.toThrow('the end');
    const late = withSignal(parent.signal, {}, (signal) => Promise.resolve(signal.aborted));
    await expect(late).resolves.toBe(true);
  });
});
