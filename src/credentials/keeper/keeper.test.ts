import { describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock, settle } from '../../core/testing/fake-clock.ts';
import { waitFor } from '../../core/testing/wait-for.ts';
import type { CredentialSpec } from '../config/spec.ts';
import type { Answer, Credential, Source } from '../model.ts';
import { RELOAD_ERRORS } from '../reload/errors.ts';
import type { Delivery } from './delivery.ts';
import { createKeeper, type Keeper } from './keeper.ts';

const LIFE_MS = 900_000;
const MINUTE = 60_000;

function specWith(rules: Partial<CredentialSpec['rules']> = {}, timeoutMs = 10_000): CredentialSpec {
  return {
    name: 'orders',
    source: { provider: 'exec', command: ['x'], env: {}, lifetimeMs: undefined, user: 'app' },
    endpoint: { host: '', port: 0, database: '' },
    outputs: [],
    reload: [],
    testLogin: undefined,
    timeoutMs,
    rules: { minIntervalMs: 5000, maxIntervalMs: Infinity, ...rules },
  };
}

const absent = () => RELOAD_ERRORS.reload_absent({ target: 'pgbouncer', why: 'refused', advice: '' });

interface StageOptions {
  readonly clock?: FakeClock;
  readonly rules?: Partial<CredentialSpec['rules']>;
  readonly timeoutMs?: number;
}

/** A keeper over a source and a delivery that do as they are told, on a clock that stands still. */
function stage(options: StageOptions = {}) {
  const clock = options.clock ?? createFakeClock();
  const log: string[] = [];
  const asks: number[] = [];
  const deliveries: string[] = [];
  const answers = { next: (_signal: AbortSignal): Promise<Answer> => Promise.resolve(fresh()) };
  const delivered = { next: (_credential: Credential): Promise<void> => Promise.resolve() };
  let changed = (): void => undefined;
  const fresh = (life = LIFE_MS): Answer => {
    const issuedAt = clock.now();
    return {
      credential: { username: 'app', password: `token ${asks.length}`, issuedAt, expiresAt: issuedAt + life },
    };
  };
  const source: Source = {
    ask(signal) {
      asks.push(clock.monotonic());
      return answers.next(signal);
    },
    async watch(call, signal) {
      changed = call;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
  };
  const delivery: Delivery = {
    deliver(credential) {
      deliveries.push(credential.password);
      return delivered.next(credential);
    },
    version: () => '',
  };
  const keeper = createKeeper({
    spec: specWith(options.rules, options.timeoutMs),
    source,
    delivery,
    clock,
    random: () => 0.5,
    events: {
      asked: (_answer, isNew) => void log.push(isNew ? 'new' : 'same'),
      askFailed: (error) => void log.push(`ask failed: ${String(error)}`),
      delivered: ({ password }) => void log.push(`delivered ${password}`),
      waiting: () => void log.push('waiting'),
      deliveryFailed: () => void log.push('delivery failed'),
      levelChanged: (level) => void log.push(`level ${level}`),
      clockJumped: (ms) => void log.push(`jump ${ms}`),
    },
  });
  return { clock, keeper, log, asks, deliveries, answers, delivered, fresh, change: () => changed() };
}

async function running<T>(keeper: Keeper, work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const done = keeper.run(stop.signal);
  await settle();
  try {
    return await work();
  } finally {
    stop.abort(new Error('the test has ended'));
    await done;
  }
}

/** In steps as fine as those that the keeper rests. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    await clock.advance(Math.min(500, left));
  }
}

describe('a keeper', () => {
  it('asks at once, delivers, and asks again at 5/12 of the life', async () => {
    const { keeper, clock, log, asks } = stage();
    await running(keeper, async () => {
      expect(log).toEqual(['new', 'delivered token 1', 'level ok']);
      await pass(clock, (LIFE_MS * 5) / 12 - 1000);
      expect(asks).toHaveLength(1);
      await pass(clock, 2000);
      expect(asks).toHaveLength(2);
      expect(log.slice(3)).toEqual(['new', 'delivered token 2']);
    });
  });

  it('keeps what is there when the source fails for two lives, asks at most twice a minute, and says how bad it is', async () => {
    const { keeper, clock, log, asks, answers, deliveries } = stage();
    await running(keeper, async () => {
      answers.next = () => Promise.reject(new Error('down'));
      await pass(clock, 2 * LIFE_MS);
      expect(deliveries).toEqual(['token 1']);
      expect(log.filter((line) => line.startsWith('level'))).toEqual([
        'level ok',
        'level failing',
        'level low',
        'level expired',
      ]);
      expect(keeper.level()).toBe('expired');
      // Over 23.75 minutes of failing, each wait at most 30 s and here 22.5 s.
      expect(asks.length).toBeLessThan(75);
      answers.next = () =>
        Promise.resolve({
          credential: {
            username: 'app',
            password: 'back',
            issuedAt: clock.now(),
            expiresAt: clock.now() + LIFE_MS,
          },
        });
      await pass(clock, 30_000);
      expect(keeper.level()).toBe('ok');
      expect(keeper.state().lastError).toBeUndefined();
      expect(deliveries).toEqual(['token 1', 'back']);
    });
  });

  it('delivers again without a new token when a reload fails', async () => {
    const { keeper, clock, log, asks, delivered, deliveries } = stage();
    let failures = 3;
    delivered.next = () => {
      failures -= 1;
      return failures < 0 ? Promise.resolve() : Promise.reject(new Error('refused'));
    };
    await running(keeper, async () => {
      await pass(clock, 30_000);
      expect(asks).toHaveLength(1);
      expect(deliveries).toEqual(['token 1', 'token 1', 'token 1', 'token 1']);
      expect(log.slice(-2)).toEqual(['delivered token 1', 'level ok']);
    });
  });

  it('counts a refused reload against the token before: it expires when that one does', async () => {
    const { keeper, clock, delivered } = stage();
    await running(keeper, async () => {
      delivered.next = () => Promise.reject(new Error('refused'));
      await pass(clock, LIFE_MS - 1000);
      expect(keeper.level()).toBe('low');
      await pass(clock, 2000);
      expect(keeper.level()).toBe('expired');
    });
  });

  it('takes an absent program as well at the start, looks for it again, and as a failure later', async () => {
    const { keeper, clock, log, delivered, deliveries } = stage();
    delivered.next = () => Promise.reject(absent());
    await running(keeper, async () => {
      expect(log).toEqual(['new', 'waiting', 'delivered token 1', 'level ok']);
      await pass(clock, MINUTE);
      expect(deliveries.length).toBeGreaterThan(3);
      expect(log).toHaveLength(4);
      await pass(clock, LIFE_MS / 2);
      expect(log).toContain('delivery failed');
      expect(keeper.level()).toBe('failing');
      delivered.next = () => Promise.resolve();
      await pass(clock, 30_000);
      expect(keeper.level()).toBe('ok');
    });
  });

  it('asks at once after the clock was set, and after the machine was suspended', async () => {
    const base = createFakeClock();
    let offset = 0;
    const clock = { ...base, now: () => base.now() + offset };
    const { keeper, log, asks } = stage({ clock });
    await running(keeper, async () => {
      await pass(clock, 10_000);
      offset = -3_600_000;
      await pass(clock, 5000);
      expect(log).toContain('jump -3600000');
      expect(asks).toHaveLength(2);
      offset = 7_200_000;
      await pass(clock, 5000);
      expect(asks).toHaveLength(3);
    });
  });

  it('asks when the source says that it has changed, and no more often than allowed', async () => {
    const { keeper, clock, asks, change } = stage({ rules: { minIntervalMs: 5000 } });
    await running(keeper, async () => {
      for (let times = 0; times < 100; times += 1) {
        change();
        await clock.advance(100);
      }
      expect(asks.length).toBeGreaterThan(1);
      expect(asks.length).toBeLessThanOrEqual(3);
      const gaps = asks.slice(1).map((at, index) => at - (asks[index] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5000);
    });
  });

  it('does not lose a change that comes while it asks', async () => {
    const { keeper, clock, asks, answers, fresh, change } = stage();
    await running(keeper, async () => {
      answers.next = async () => {
        change();
        answers.next = () => Promise.resolve(fresh());
        return fresh();
      };
      await pass(clock, LIFE_MS / 2);
      expect(asks.length).toBe(3);
      expect((asks[2] ?? 0) - (asks[1] ?? 0)).toBeLessThan(6000);
    });
  });

  it('gives up on a source that hangs, even one that cannot be interrupted', async () => {
    const { keeper, log, answers, clock } = stage({ timeoutMs: 30 });
    await running(keeper, async () => {
      answers.next = () => new Promise(() => undefined);
      await pass(clock, (LIFE_MS * 5) / 12 + 1000);
      await waitFor(() => log.some((line) => line.includes('gave no answer within')), {
        what: 'the failure',
      });
      expect(keeper.level()).toBe('failing');
    });
  });

  it('leaves a token alone that the source repeats, and takes a lengthened lease as it is', async () => {
    const { keeper, clock, log, answers } = stage();
    const issuedAt = clock.now();
    let expiresAt = issuedAt + LIFE_MS;
    answers.next = () =>
      Promise.resolve({ credential: { username: 'u', password: 'p', issuedAt, expiresAt } });
    await running(keeper, async () => {
      expiresAt += 1000;
      await pass(clock, LIFE_MS / 2);
      expect(log.at(-1)).toBe('same');
      expect(keeper.state().inForce?.expiresAt).toBe(issuedAt + LIFE_MS);
      expiresAt += LIFE_MS;
      await pass(clock, LIFE_MS / 2 + 10_000);
      expect(keeper.state().inForce?.expiresAt).toBe(expiresAt);
      expect(keeper.level()).toBe('ok');
      expect(log.filter((line) => line.startsWith('delivered'))).toHaveLength(1);
    });
  });

  it('once throws what failed, and an absent program is no failure', async () => {
    const { keeper, answers, delivered } = stage();
    delivered.next = () => Promise.reject(absent());
    await keeper.once(new AbortController().signal);
    expect(keeper.level()).toBe('ok');
    answers.next = () => Promise.reject(new Error('down'));
    await expect(keeper.once(new AbortController().signal)).rejects.toThrow('down');
  });
});
