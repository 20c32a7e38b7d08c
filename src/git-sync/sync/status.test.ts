import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SyncEvent } from './events.ts';
import { hasSucceeded, initialStatus, nextStatus, type SyncStatus } from './status.ts';

const HASH = 'a'.repeat(40);
const change = { local: '', remote: HASH, changed: true };
const result = { hash: HASH, changed: true, pinned: false };

const after = (...events: readonly SyncEvent[]): SyncStatus =>
  events.reduce((status, event, at) => nextStatus(status, event, at), initialStatus(false));

describe('the status of a sync', () => {
  it('has published once the link has moved, before the pass is over', () => {
    const status = after({ kind: 'published', change });
    expect(status).toMatchObject({ publishedHash: HASH, syncCount: 1 });
    expect(hasSucceeded(status)).toBe(false);
  });

  it('has succeeded once a pass has, and stays so', () => {
    const status = after(
      { kind: 'pass-succeeded', result, status: 'success', seconds: 1 },
      { kind: 'pass-failed', error: new Error('no network'), seconds: 1 },
    );
    expect(hasSucceeded(status)).toBe(true);
    expect(status).toMatchObject({
      failuresInARow: 1,
      lastSuccessAt: 0,
      lastChangeAt: 0,
      lastError: { at: 1, message: 'no network' },
    });
  });

  it('knows the time of the last change apart from that of the last success', () => {
    const status = after(
      { kind: 'pass-succeeded', result, status: 'success', seconds: 1 },
      { kind: 'pass-succeeded', result, status: 'noop', seconds: 1 },
    );
    expect(status).toMatchObject({ lastChangeAt: 0, lastSuccessAt: 1 });
  });

  it('has a deadline while a pass runs', () => {
    const running = after({ kind: 'pass-started', deadlineAt: 120_000 });
    expect(running.passDeadlineAt).toBe(120_000);
    expect(nextStatus(running, { kind: 'pass-ended', ok: false }, 1).passDeadlineAt).toBeUndefined();
    const hung = nextStatus(running, { kind: 'pass-ended', ok: false, hangs: true }, 1);
    expect(hung.passDeadlineAt).toBe(120_000);
  });

  it('counts the failures since the last success, whatever comes in between', () => {
    const failed: SyncEvent = { kind: 'pass-failed', error: 'x', seconds: 1 };
    const succeeded: SyncEvent = { kind: 'pass-succeeded', result, status: 'noop', seconds: 1 };
    const other: SyncEvent = { kind: 'up-to-date', hash: HASH };
    fc.assert(
      fc.property(fc.array(fc.constantFrom(failed, succeeded, other)), (events) => {
        const sinceSuccess = events.slice(events.lastIndexOf(succeeded) + 1);
        const expected = sinceSuccess.filter((event) => event === failed).length;
        expect(after(...events).failuresInARow).toBe(expected);
      }),
    );
  });
});
