import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { waitUnlessAborted } from './wait.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('a wait', () => {
  it('ends with its time, or with the signal that is aborted first, and leaves no listener', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const signals = [first.signal, second.signal];
    expect(await waitUnlessAborted(systemClock, 1, signals)).toBeUndefined();
    const waiting = waitUnlessAborted(systemClock, undefined, signals);
    expect(signals.map(listeners)).toEqual([1, 1]);
    second.abort();
    expect(await waiting).toBe(second.signal);
    expect(signals.map(listeners)).toEqual([0, 0]);
    expect(await waitUnlessAborted(systemClock, 60_000, signals)).toBe(second.signal);
    expect(signals.map(listeners)).toEqual([0, 0]);
  });
});
