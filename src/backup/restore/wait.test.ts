import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../core/testing/fake-clock.ts';
import type { RepositoryState, UnknownReason } from '../model.ts';
import { decideInTime } from './wait.ts';

const down: RepositoryState = {
  kind: 'UNKNOWN',
  reason: { kind: 'unreachable', message: 'connection refused', hint: undefined },
};
const up: RepositoryState = { kind: 'HAS', snapshots: [{ id: 'a', time: 1 }], damaged: [] };
const { signal } = new AbortController();

function scene(answers: readonly RepositoryState[], timeoutMs: number) {
  const asked: number[] = [];
  const reasons: (readonly [UnknownReason, number | undefined])[] = [];
  const clock = createFakeClock();
  const init = {
    engine: {
      state: () => {
        asked.push(clock.monotonic());
        return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? down);
      },
    },
    clock,
    policy: { onMissing: 'fail' as const },
    timeoutMs,
    longestWaitMs: 30_000,
    onUnknown: (reason: UnknownReason, retryInMs: number | undefined) =>
      void reasons.push([reason, retryInMs]),
  };
  return { init, asked, reasons, clock };
}

describe('waiting for a repository', () => {
  it('asks again, ever more slowly, until it answers', async () => {
    const { init, clock, asked, reasons } = scene([down, down, up], 600_000);
    const decided = decideInTime({ kind: 'EMPTY' }, init, signal);
    await clock.advance(0);
    expect(asked).toHaveLength(1);
    await clock.advance(1000);
    await clock.advance(2000);
    expect(await decided).toMatchObject({ decision: { action: 'restore' }, repository: { kind: 'HAS' } });
    expect(reasons.map(([reason]) => reason.message)).toEqual(['connection refused', 'connection refused']);
  });

  it('refuses when the time is over, and never waits beyond it', async () => {
    const { init, clock, reasons } = scene([down], 2500);
    const decided = decideInTime({ kind: 'EMPTY' }, init, signal);
    for (let step = 0; step < 6; step += 1) {
      await clock.advance(1000);
    }
    expect((await decided).decision).toMatchObject({ action: 'refuse', mayChange: true });
    expect(reasons.at(-1)?.[1]).toBeUndefined();
    expect(Math.max(...reasons.map(([, wait]) => wait ?? 0))).toBeLessThanOrEqual(2500);
  });

  it('asks once when no waiting is wanted', async () => {
    const { init, asked } = scene([down], 0);
    expect((await decideInTime({ kind: 'EMPTY' }, init, signal)).decision.action).toBe('refuse');
    expect(asked).toHaveLength(1);
  });

  it('does not ask at all for a good volume', async () => {
    const { init, asked } = scene([down], 1000);
    expect(await decideInTime({ kind: 'FOREIGN' }, init, signal)).toEqual({
      decision: expect.objectContaining({ action: 'adopt' }),
      repository: undefined,
    });
    expect(asked).toHaveLength(0);
  });

  it('does not wait for a repository that surely has nothing', async () => {
    const { init, asked } = scene([{ kind: 'NONE' }, up], 600_000);
    expect((await decideInTime({ kind: 'EMPTY' }, init, signal)).decision).toMatchObject({
      action: 'refuse',
    });
    expect(asked).toHaveLength(1);
  });

  it('ends with its signal', async () => {
    const { init, clock } = scene([down], 600_000);
    const controller = new AbortController();
    const decided = decideInTime({ kind: 'EMPTY' }, init, controller.signal);
    await clock.advance(0);
    controller.abort(new Error('stopped'));
    await expect(decided).rejects.toThrow('stopped');
  });
});
