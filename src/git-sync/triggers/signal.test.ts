import { describe, expect, it } from 'vitest';
import { createWakeUp } from './signal.ts';

const never = new AbortController().signal;

/** Whether a wait ends by itself at once. */
async function endsAtOnce(wait: Promise<void>): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => {
    setImmediate(() => resolve(false));
  });
  return Promise.race([wait.then(() => true), later]);
}

describe('a wake-up', () => {
  it('ends a wait that is going on', async () => {
    const wake = createWakeUp();
    const wait = wake.wait(never);
    wake.set();
    expect(await endsAtOnce(wait)).toBe(true);
  });

  it('that came before the wait counts, but only once however often it came', async () => {
    const wake = createWakeUp();
    wake.set();
    wake.set();
    await wake.wait(never);
    expect(await endsAtOnce(wake.wait(never))).toBe(false);
  });

  it('that was taken does not end the next wait', async () => {
    const wake = createWakeUp();
    const first = wake.wait(never);
    wake.set();
    await first;
    expect(await endsAtOnce(wake.wait(never))).toBe(false);
  });

  it('ends with the reason of an abort, before or during the wait', async () => {
    const wake = createWakeUp();
    const stop = new AbortController();
    const wait = wake.wait(stop.signal);
    stop.abort(new Error('the end'));
    await expect(wait).rejects.toThrow('the end');
    await expect(wake.wait(stop.signal)).rejects.toThrow('the end');
  });

  it('is kept for the next wait when one was aborted before it came', async () => {
    const wake = createWakeUp();
    const stop = new AbortController();
    const wait = wake.wait(stop.signal).catch(() => {});
    stop.abort();
    await wait;
    wake.set();
    expect(await endsAtOnce(wake.wait(never))).toBe(true);
  });

  it('leaves no listener on the signal of a wait that ended', async () => {
    const wake = createWakeUp();
    const stop = new AbortController();
    let listeners = 0;
    const { signal } = stop;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let round = 0; round < 10; round += 1) {
      const wait = wake.wait(signal);
      wake.set();
      await wait;
    }
    expect(listeners).toBe(0);
  });
});
