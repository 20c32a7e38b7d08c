import { describe, expect, it } from 'vitest';
import { GIT_ERRORS } from '../git/errors.ts';
import { v3, v4 } from './cli/testing/parse.ts';
import { STATE_ERRORS } from './sync/pins/state.ts';
import { isForgiven, shareOf, waitAfterFailure, waitAfterSuccess } from './waits.ts';

const TRIGGER = ['--trigger-bind=:1', '--trigger-secret-file=/s'];
const unreachable = (retryAfterMs?: number) =>
  GIT_ERRORS.remote_unreachable({ message: 'no' }, { facts: { retryAfterMs } });
const waits = (settings: ReturnType<typeof v4>, share: number, error: unknown = unreachable()) =>
  [1, 2, 3, 4, 5, 50, 5000].map((failures) => waitAfterFailure(settings, true, failures, error, share));

describe('the share of a pod', () => {
  it('is its own, the same each time, and spreads over all of the range', () => {
    const shares = Array.from({ length: 1000 }, (_, index) => shareOf(`web-7d9c5b6f4-${index.toString(36)}`));
    expect(shareOf('web-7d9c5b6f4-a')).toBe(shareOf('web-7d9c5b6f4-a'));
    expect(new Set(shares).size).toBe(1000);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const count = shares.filter((share) => Math.floor(share * 10) === tenth).length;
      expect(count).toBeGreaterThan(60);
      expect(count).toBeLessThan(140);
    }
  });
});

describe('the wait after a success', () => {
  it('is the period, less the share of the jitter', () => {
    expect(waitAfterSuccess(v4(['--period=60s']), 0.7)).toBe(60_000);
    expect(waitAfterSuccess(v4(['--period=60s', '--jitter=0.5']), 0)).toBe(60_000);
    expect(waitAfterSuccess(v4(['--period=60s', '--jitter=0.5']), 0.5)).toBe(45_000);
    expect(waitAfterSuccess(v4(['--period=0', ...TRIGGER, '--jitter=1']), 0.5)).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

describe('the wait after a failure', () => {
  it('is the period, as in git-sync', () => {
    expect(waits(v4(['--period=10s']), 0.5, unreachable(60_000))).toEqual(Array(7).fill(10_000));
  });

  it('doubles up to --max-backoff, and is never shorter than the period asks for', () => {
    const settings = v4(['--period=10s', '--max-backoff=1m']);
    expect(waits(settings, 0.5)).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000]);
    expect(waits(v4(['--period=10s', '--max-backoff=1s']), 0.5)).toEqual(Array(7).fill(10_000));
    const jittered = v4(['--period=10s', '--max-backoff=1m', '--jitter=0.5']);
    expect(waits(jittered, 1)).toEqual([5000, 10_000, 20_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it('is what the server asks for, if that is longer and not absurd', () => {
    const settings = v4(['--period=10s', '--max-backoff=1m']);
    expect(waits(settings, 0, unreachable(30_000)).slice(0, 4)).toEqual([30_000, 30_000, 40_000, 60_000]);
    expect(waits(settings, 0, unreachable(86_400_000))[0]).toBe(600_000);
  });

  it('grows from a second without a period, up to a minute or to --max-backoff', () => {
    const unasked = ['--period=0', ...TRIGGER];
    expect(waits(v4(unasked), 0)).toEqual([1000, 2000, 4000, 8000, 16_000, 60_000, 60_000]);
    expect(waits(v4([...unasked, '--max-backoff=5s']), 0).slice(0, 4)).toEqual([1000, 2000, 4000, 5000]);
    expect(waits(v4(unasked), 1)[0]).toBe(800);
  });
});

describe('an outage', () => {
  const outages = [unreachable(), GIT_ERRORS.sync_timeout({ message: 'no' })];
  const others = [
    GIT_ERRORS.auth_failed({ message: 'no' }),
    GIT_ERRORS.ref_not_found({ message: 'no' }),
    new Error('no'),
  ];

  it('is forgiven after a first success, unless it was said how many failures may be', () => {
    for (const settings of [v4(), v3()]) {
      expect(outages.map((error) => isForgiven(settings, true, error))).toEqual([true, true]);
      expect(outages.map((error) => isForgiven(settings, false, error))).toEqual([false, false]);
      expect(others.map((error) => isForgiven(settings, true, error))).toEqual([false, false, false]);
    }
    for (const said of [
      v4(['--max-failures=0']),
      v3(['-max-sync-failures=0']),
      v4(['--max-sync-failures=1']),
    ]) {
      expect(isForgiven(said, true, unreachable())).toBe(false);
    }
  });
});

describe('a rollback that cannot be followed', () => {
  it('never ends a process that somebody can still tell to release it, but one that syncs once', () => {
    const errors = [
      STATE_ERRORS.revision_gone({ hash: 'a'.repeat(40) }),
      STATE_ERRORS.pin_unreadable({ path: '/p' }),
    ];
    for (const everSucceeded of [true, false]) {
      expect(errors.map((error) => isForgiven(v4(), everSucceeded, error))).toEqual([true, true]);
    }
    expect(errors.map((error) => isForgiven(v4(['--one-time']), false, error))).toEqual([false, false]);
    expect(errors.map((error) => isForgiven(v4(['--max-failures=0']), true, error))).toEqual([false, false]);
  });
});
