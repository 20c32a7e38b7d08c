import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';

describe('the system clock', () => {
  it('sleeps at least as long as asked for', async () => {
    const started = performance.now();
    await systemClock.sleep(20);
    expect(performance.now() - started).toBeGreaterThanOrEqual(19);
  });

  it('ends a sleep with the reason of the abort, also one that came before', async () => {
    const stop = new AbortController();
    const sleep = systemClock.sleep(60_000, stop.signal);
    stop.abort(new Error('the end'));
    await expect(sleep).rejects.toThrow('the end');
    await expect(systemClock.sleep(60_000, stop.signal)).rejects.toThrow('the end');
  });

  it('does not take a wait of a hundred days for none', async () => {
    const stop = new AbortController();
    const sleep = systemClock.sleep(100 * 24 * 3_600_000, stop.signal).then(
      () => 'slept',
      () => 'stopped',
    );
    await systemClock.sleep(20);
    stop.abort();
    expect(await sleep).toBe('stopped');
  });
});
