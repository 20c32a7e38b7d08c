import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { monotonicMs } from './monotonic.ts';
import { startInterval, startTimer, timeoutSignal } from './timer.ts';

const DAY_MS = 24 * 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a timer', () => {
  it.each([
    ['nothing', 0],
    ['a moment', 0.3],
    ['a second', 1000],
    ['the longest that Node knows', 2 ** 31 - 1],
    ['one more than that', 2 ** 31],
    ['600 hours', 600 * 3_600_000],
    ['a hundred years', 36_500 * DAY_MS],
  ])('of %s fires once, when the time has come and not before', async (_, ms) => {
    const started = monotonicMs();
    const calls: number[] = [];
    startTimer(ms, () => calls.push(monotonicMs() - started));
    await vi.advanceTimersByTimeAsync(ms + 2);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toBeGreaterThanOrEqual(ms);
    await vi.advanceTimersByTimeAsync(ms + 2);
    expect(calls).toHaveLength(1);
  });

  it('without an end never fires, and can be cancelled', async () => {
    const timer = startTimer(Number.POSITIVE_INFINITY, () => expect.unreachable());
    await vi.advanceTimersByTimeAsync(200 * DAY_MS);
    expect(vi.getTimerCount()).toBe(1);
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be cancelled before and after it was set again', async () => {
    const first = startTimer(100 * DAY_MS, () => expect.unreachable());
    first.cancel();
    const second = startTimer(100 * DAY_MS, () => expect.unreachable());
    await vi.advanceTimersByTimeAsync(60 * DAY_MS);
    second.cancel();
    second.cancel();
    await vi.advanceTimersByTimeAsync(60 * DAY_MS);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is over at once when the time lies in the past, and refuses what is no number', async () => {
    let calls = 0;
    startTimer(-5, () => (calls += 1));
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toBe(1);
    expect(() => startTimer(Number.NaN, () => {})).toThrow(RangeError);
  });
});

describe('an interval', () => {
  it('fires again and again, also when it is longer than Node allows, until its callback cancels it', async () => {
    let calls = 0;
    const timer = startInterval(30 * DAY_MS, () => {
      calls += 1;
      if (calls === 3) {
        timer.cancel();
      }
    });
    await vi.advanceTimersByTimeAsync(30 * DAY_MS);
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(200 * DAY_MS);
    expect(calls).toBe(3);
  });
});

describe('a timeout signal', () => {
  it('is aborted when the time is over, with a reason that says so', async () => {
    const signal = timeoutSignal(40 * DAY_MS);
    await vi.advanceTimersByTimeAsync(39 * DAY_MS);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(DAY_MS);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });
});
