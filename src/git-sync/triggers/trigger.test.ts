import { describe, expect, it } from 'vitest';
import { createTrigger } from './trigger.ts';

const never = new AbortController().signal;

/** Whether a wait ends by itself at once. */
async function endsAtOnce(wait: Promise<unknown>): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => {
    setImmediate(() => resolve(false));
  });
  return Promise.race([wait.then(() => true), later]);
}

describe('a request for a pass', () => {
  it('ends a wait that is going on', async () => {
    const trigger = createTrigger();
    const wait = trigger.next(never);
    trigger.request('test');
    expect(await endsAtOnce(wait)).toBe(true);
  });

  it('that came before the wait counts, but only once however often it came', async () => {
    const trigger = createTrigger();
    trigger.request('test');
    trigger.request('test');
    await trigger.next(never);
    expect(await endsAtOnce(trigger.next(never))).toBe(false);
  });

  it('is told with the reason that came first', async () => {
    const trigger = createTrigger();
    trigger.request('push');
    trigger.request('SIGHUP');
    expect(await trigger.next(never)).toBe('push');
  });

  it('that was taken does not end the next wait', async () => {
    const trigger = createTrigger();
    const first = trigger.next(never);
    trigger.request('test');
    await first;
    expect(await endsAtOnce(trigger.next(never))).toBe(false);
  });

  it('ends with the reason of an abort, before or during the wait', async () => {
    const trigger = createTrigger();
    const stop = new AbortController();
    const wait = trigger.next(stop.signal);
    stop.abort(new Error('the end'));
    await expect(wait).rejects.toThrow('the end');
    await expect(trigger.next(stop.signal)).rejects.toThrow('the end');
  });

  it('is kept for the next wait when one was aborted before it came', async () => {
    const trigger = createTrigger();
    const stop = new AbortController();
    const wait = trigger.next(stop.signal).catch(() => {});
    stop.abort();
    await wait;
    trigger.request('test');
    expect(await endsAtOnce(trigger.next(never))).toBe(true);
  });

  it('leaves no listener on the signal of a wait that ended', async () => {
    const trigger = createTrigger();
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
      const wait = trigger.next(signal);
      trigger.request('test');
      await wait;
    }
    expect(listeners).toBe(0);
  });
});
