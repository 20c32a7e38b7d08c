/** The loop around passes that the test makes succeed, fail or hang. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../test/support/wait-for.ts';
import { createFakeClock, settle } from '../core/testing/fake-clock.ts';
import { createRecordedLog } from '../core/testing/recorded-log.ts';
import { GIT_ERRORS } from '../git/errors.ts';
import { v3, v4 } from './cli/testing/parse.ts';
import { createLoop, failureLimit, isTooMany } from './loop.ts';
import type { GitSyncSettings } from './settings.ts';
import { createEmitter } from './sync/emitter.ts';
import type { HookName, PassResult } from './sync/events.ts';
import { createSyncMessages } from './sync/observers/messages.ts';
import type { Syncer } from './sync/syncer.ts';
import { createTrigger } from './triggers/trigger.ts';

const HASH = 'a'.repeat(40);
const done = (more: Partial<PassResult> = {}): PassResult => ({
  hash: HASH,
  changed: false,
  pinned: false,
  ...more,
});
const broken = () => Promise.reject(GIT_ERRORS.git_failed({ message: 'no network' }));

type Pass = (signal: AbortSignal) => Promise<PassResult>;

interface Options {
  readonly settings?: GitSyncSettings;
  /** One per pass; the last one stays. */
  readonly passes: readonly Pass[];
  readonly failedHooks?: readonly HookName[];
}

function start({ settings = v4(), passes, failedHooks = [] }: Options) {
  const clock = createFakeClock();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { log, lines } = createRecordedLog();
  const trigger = createTrigger();
  const { emit, status } = createEmitter(clock, false);
  let runs = 0;
  const syncer: Syncer = {
    link: '/root/link',
    async pass(signal) {
      const pass = passes[Math.min(runs, passes.length - 1)] ?? broken;
      runs += 1;
      try {
        const result = await pass(signal);
        await emit({ kind: 'pass-succeeded', result, status: 'success', seconds: 1 });
        return result;
      } catch (error) {
        await (signal.aborted ? undefined : emit({ kind: 'pass-failed', error, seconds: 1 }));
        throw error;
      }
    },
    status,
    treesInUse: () => [],
    watchPins: () => {},
    failedHooks: () => Promise.resolve(failedHooks),
    closing: [],
    close: () => Promise.resolve(),
  };
  const messages = createSyncMessages(settings, log);
  let rests = 0;
  const loop = createLoop({
    atFirstRest: () => {
      rests += 1;
    },
    syncer,
    schedule: settings,
    trigger,
    messages,
    clock,
    log,
    share: 0.5,
    stop: stop.signal,
  });
  const ended = loop.run();
  /** Waits for the loop to wait, and tells how long it means to. */
  const waiting = async () => waitFor(() => clock.waits()[0], { what: 'the loop to wait' });
  return { clock, stop, lines, trigger, loop, status, ended, waiting, runs: () => runs, rests: () => rests };
}

describe('the number of failures that end it', () => {
  it.each([
    [1, 0, true],
    [1, 1, true],
    [1, 2, false],
    [2, 2, true],
    [3, 2, true],
    [1_000_000, -1, false],
    [1, -5, false],
  ])('after %i failures with a limit of %i: %s', (failures, limit, expected) => {
    expect(isTooMany(failures, limit)).toBe(expected);
  });

  it('is one until the first success and one afterwards', () => {
    const settings = v4(['--max-failures=7', '--init-max-failures=3']);
    expect([failureLimit(settings, false), failureLimit(settings, true)]).toEqual([3, 7]);
    const same = v4(['--max-failures=7']);
    expect([failureLimit(same, false), failureLimit(same, true)]).toEqual([7, 7]);
  });

  it('is one more in v3 than it is told', async () => {
    const { ended, waiting, clock, runs } = start({
      settings: v3(['-max-sync-failures=1']),
      passes: [broken],
    });
    await waiting();
    await clock.advance(1000);
    expect(await ended).toBe(1);
    expect(runs()).toBe(2);
  });

  it('counts those in a row only', async () => {
    const ok = () => Promise.resolve(done());
    const loop = start({
      settings: v4(['--max-failures=2']),
      passes: [broken, ok, broken, ok, broken, broken],
    });
    for (let pass = 0; pass < 5; pass += 1) {
      await loop.waiting();
      await loop.clock.advance(10_000);
    }
    expect(await loop.ended).toBe(1);
    expect(loop.runs()).toBe(6);
  });
});

describe('the time between passes', () => {
  it('is the init period until the first success, then the period', async () => {
    const settings = v4(['--period=60s', '--init-period=2s', '--max-failures=-1']);
    const { clock, waiting, lines } = start({ settings, passes: [broken, async () => done()] });
    expect(await waiting()).toBe(2000);
    await clock.advance(2000);
    expect(await waiting()).toBe(60_000);
    expect(lines.join()).toContain('initial sync complete, switching to the regular period');
  });

  it('is cut short by a wake-up, also by one that came during the pass', async () => {
    let end: (result: PassResult) => void = () => {};
    const slow = () =>
      new Promise<PassResult>((resolve) => {
        end = resolve;
      });
    const loop = start({ passes: [slow] });
    await settle();
    loop.trigger.request('test');
    end(done());
    await waitFor(() => loop.runs() === 2, { what: 'the second pass' });
    end(done());
    await loop.waiting();
    expect(loop.runs()).toBe(2);
    loop.trigger.request('test');
    await waitFor(() => loop.runs() === 3, { what: 'the third pass' });
  });

  it('is a rest of its own kind after the first success alone', async () => {
    const settings = v4(['--max-failures=-1']);
    const { clock, waiting, rests, runs } = start({
      settings,
      passes: [broken, () => Promise.resolve(done())],
    });
    await waiting();
    expect(rests()).toBe(0);
    for (const passes of [2, 3]) {
      await clock.advance(60_000);
      await waitFor(() => runs() === passes && clock.waits().length > 0, { what: `${passes} passes` });
      expect(rests()).toBe(1);
    }
  });

  it('is shown while it lasts', async () => {
    const hang = () => new Promise<PassResult>(() => {});
    const { clock, waiting, loop } = start({ passes: [async () => done(), hang] });
    await waiting();
    expect(loop.status()).toEqual({ nextPassAt: clock.now() + 10_000 });
    await clock.advance(10_000);
    expect(loop.status()).toEqual({ nextPassAt: undefined });
  });
});

describe('without polls', () => {
  const settings = v4(['--period=0', '--trigger-bind=:1', '--trigger-secret-file=/s', '--max-failures=-1']);

  it('there is one sync at the start, and then one for each request', async () => {
    const loop = start({ settings, passes: [async () => done()] });
    await waitFor(() => loop.loop.status().nextPassAt === Number.POSITIVE_INFINITY, { what: 'it to wait' });
    expect(loop.clock.waits()).toEqual([]);
    await loop.clock.advance(3_600_000);
    expect(loop.runs()).toBe(1);
    loop.trigger.request('push');
    await waitFor(() => loop.runs() === 2, { what: 'the second pass' });
  });

  it('a sync that failed is repeated all the same, after longer and longer waits', async () => {
    const loop = start({ settings, passes: [broken] });
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const wait = await loop.waiting();
      expect(wait).toBeGreaterThan(seconds * 800);
      expect(wait).toBeLessThanOrEqual(seconds * 1000);
      await loop.clock.advance(wait);
    }
  });
});

describe('a pinned commit', () => {
  it('is synced once; then only a wake-up leads to another pass', async () => {
    const loop = start({ passes: [async () => done({ changed: true, pinned: true })] });
    await waitFor(() => loop.lines.join().includes('no further sync needed'), { what: 'it to wait' });
    expect(loop.clock.waits()).toEqual([]);
    await loop.clock.advance(3_600_000);
    expect(loop.runs()).toBe(1);
    loop.trigger.request('test');
    await waitFor(() => loop.runs() === 2, { what: 'the second pass' });
  });

  it('ends at the stop', async () => {
    const loop = start({ passes: [async () => done({ pinned: true })] });
    await waitFor(() => loop.lines.join().includes('no further sync needed'), { what: 'it to wait' });
    loop.stop.abort();
    expect(await loop.ended).toBe(0);
  });
});

describe('one time', () => {
  it.each([
    [[], 0],
    [['exechook', 'webhook'], 1],
  ] as const)('ends with the result of the hooks (failed: %j: %i)', async (failedHooks, code) => {
    const settings = v4(['--one-time']);
    const loop = start({ settings, passes: [async () => done({ changed: true })], failedHooks });
    expect(await loop.ended).toBe(code);
    expect(
      loop.lines.join('\n').includes('"error":"failed: exechook, webhook; what is published stays"'),
    ).toBe(code === 1);
    expect(loop.runs()).toBe(1);
  });

  it('tries as often as failures are tolerated', async () => {
    const settings = v4(['--one-time', '--max-failures=3']);
    const loop = start({ settings, passes: [broken, broken, async () => done()] });
    for (let pass = 0; pass < 2; pass += 1) {
      await loop.waiting();
      await loop.clock.advance(10_000);
    }
    expect(await loop.ended).toBe(0);
  });
});

describe('the end', () => {
  it('comes at once while it rests', async () => {
    const loop = start({ passes: [async () => done()] });
    await loop.waiting();
    loop.stop.abort();
    expect(await loop.ended).toBe(0);
  });

  it('counts nothing for a pass that it interrupts', async () => {
    const hang: Pass = (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('interrupted')));
      });
    const loop = start({ passes: [hang] });
    await settle();
    loop.stop.abort();
    expect(await loop.ended).toBe(0);
    expect(loop.status().failuresInARow).toBe(0);
    expect(loop.lines.join()).not.toContain('interrupted');
  });
});
