import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay, clockJump, isSkewed, levelOf, refreshDelay } from './timing.ts';

const RULES = { minIntervalMs: 1000, maxIntervalMs: Infinity };
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const life = (issuedAt: number, expiresAt: number | undefined) => ({
  username: 'app',
  password: 'x',
  issuedAt,
  expiresAt,
});

describe('the next question to a source', () => {
  it('comes 5 to 7.5 minutes into the 15 minutes of an RDS token', () => {
    fc.assert(
      fc.property(random, (chance) => {
        const delay = refreshDelay({ expiresAt: 900_000 }, 0, RULES, chance);
        expect(delay).toBeGreaterThanOrEqual(300_000);
        expect(delay).toBeLessThanOrEqual(450_000);
      }),
    );
  });

  it('leaves at least half of what is left, however little, down to the minimal interval', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10_000, max: 10 ** 10 }), random, (left, chance) => {
        const delay = refreshDelay({ expiresAt: left }, 0, RULES, chance);
        expect(delay).toBeGreaterThanOrEqual(RULES.minIntervalMs);
        expect(delay <= left / 2 || delay === RULES.minIntervalMs).toBe(true);
      }),
    );
  });

  it('asks a source that repeats one token for an hour until 10 s before its end about a dozen times', () => {
    let now = 0;
    let questions = 0;
    while (now < 3_590_000) {
      now += refreshDelay({ expiresAt: 3_600_000 }, now, { ...RULES, minIntervalMs: 10_000 }, 0.5);
      questions += 1;
    }
    expect(questions).toBeLessThan(14);
  });

  it('comes within the longest interval, and about every five minutes where no end is known', () => {
    expect(refreshDelay({ expiresAt: 10 ** 9 }, 0, { ...RULES, maxIntervalMs: 600_000 }, 0.5)).toBe(600_000);
    expect(refreshDelay({ expiresAt: undefined }, 0, RULES, 0)).toBe(200_000);
    expect(refreshDelay({ expiresAt: undefined }, 0, RULES, 0.999)).toBeLessThan(300_000);
  });
});

describe('the wait after failures', () => {
  it('grows from a second to half a minute and never leaves these bounds', () => {
    expect([1, 2, 3, 5, 6, 10 ** 6].map((failures) => backoffDelay(failures, 0))).toEqual([
      1000, 2000, 4000, 16_000, 30_000, 30_000,
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), random, (failures, chance) => {
        const delay = backoffDelay(failures, chance);
        expect(delay).toBeGreaterThan(499);
        expect(delay).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});

describe('the level', () => {
  it('is none without a credential, ok while all is well, and expired after the end whatever else is true', () => {
    expect(levelOf(undefined, true, 0)).toBe('none');
    expect(levelOf(life(0, 900), false, 899)).toBe('ok');
    expect(levelOf(life(0, 900), false, 900)).toBe('expired');
    expect(levelOf(life(0, 900), true, 901)).toBe('expired');
  });

  it('of a failing source is low in the last third of the life', () => {
    expect(levelOf(life(0, 900), true, 600)).toBe('failing');
    expect(levelOf(life(0, 900), true, 601)).toBe('low');
    expect(levelOf(life(0, undefined), true, 10 ** 15)).toBe('failing');
  });
});

describe('the clock', () => {
  it('has jumped when it leaves the monotonic one by more than five seconds, in either direction', () => {
    const start = { wall: 10 ** 12, monotonic: 50 };
    expect(clockJump(start, { wall: 10 ** 12 + 5000, monotonic: 5050 })).toBe(0);
    expect(clockJump(start, { wall: 10 ** 12 + 9000, monotonic: 5050 })).toBe(0);
    expect(clockJump(start, { wall: 10 ** 12 + 3_605_000, monotonic: 5050 })).toBe(3_600_000);
    expect(clockJump(start, { wall: 10 ** 12 - 60_000, monotonic: 5050 })).toBe(-65_000);
  });

  it('that is off by more than five minutes makes servers refuse what is dated here', () => {
    expect([299_999, -300_000, 300_001, -300_001].map(isSkewed)).toEqual([false, false, true, true]);
  });
});
