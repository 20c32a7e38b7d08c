import { describe, expect, it } from 'vitest';
import { ageOf, checkReady } from './http.ts';
import { initialStatus } from './sync/status.ts';

const status = (parts: object) => ({ ...initialStatus(false), ...parts });
const at = (now: number, maxAgeMs = 60_000) => ({ maxAgeMs, startedAt: 1000, now });

describe('readiness', () => {
  it('ends when no sync has succeeded for longer than --max-age, and says so', () => {
    const synced = status({ publishedHash: 'a', lastSuccessAt: 10_000 });
    expect(checkReady(synced, true, at(70_000))).toEqual({ ok: true });
    expect(checkReady(synced, true, at(70_001))).toEqual({
      ok: false,
      reason: 'no sync has succeeded for 60 s, and --max-age is 1m0s',
    });
    expect(checkReady(synced, true, at(1e12, 0))).toEqual({ ok: true });
  });

  it('counts from the start of the process for what an earlier one has left', () => {
    const earlier = status({ hasEarlierData: true });
    expect(checkReady(earlier, true, at(61_000)).ok).toBe(true);
    expect(checkReady(earlier, true, at(61_001)).ok).toBe(false);
  });

  it('has no age where the commit is named: nothing can be newer', () => {
    const pinned = status({ publishedHash: 'a', lastSuccessAt: 10_000, isPinned: true });
    expect(checkReady(pinned, true, at(1e12)).ok).toBe(true);
    expect(ageOf(pinned, at(1e12))).toBe(0);
  });

  it('needs data before anything else', () => {
    expect(checkReady(status({}), true, at(2000)).reason).toBe('repo is not ready');
    expect(checkReady(status({ publishedHash: 'a', lastSuccessAt: 10_000 }), false, at(20_000)).ok).toBe(
      false,
    );
  });
});
