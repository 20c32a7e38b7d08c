/** The loop around a pass that the test makes succeed, fail or hang. */
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useTempDir } from '../../test/support/use-temp-dir.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { PillionError } from '../core/errors.ts';
import { createFakeClock, settle } from '../core/testing/fake-clock.ts';
import { createRecordedLog } from '../core/testing/recorded-log.ts';
import { v3, v4 } from './cli/testing/parse.ts';
import { failureLimit, isTooMany, runLoop } from './loop.ts';
import type { GitSyncSettings } from './settings.ts';
import { initialState } from './state.ts';
import { createErrorFile } from './sync/error-file.ts';
import type { Hooks } from './sync/hooks/hooks.ts';
import type { PassResult } from './sync/sync-pass.ts';
import { createWakeUp } from './triggers/signal.ts';

const dir = useTempDir();

const HASH = 'a'.repeat(40);
const done = (more: Partial<PassResult> = {}): PassResult => ({
  hash: HASH,
  changed: false,
  pinned: false,
  ...more,
});
const broken = () => Promise.reject(new PillionError({ code: 'git_failed', message: 'no network' }));

type Pass = (signal: AbortSignal) => Promise<PassResult>;

interface Options {
  readonly settings?: GitSyncSettings;
  /** One per pass; the last one stays. */
  readonly passes: readonly Pass[];
  readonly hooksSucceed?: boolean;
}

function start({ settings = v4(), passes, hooksSucceed = true }: Options) {
  const clock = createFakeClock();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { log, lines } = createRecordedLog();
  const wake = createWakeUp();
  const state = initialState(clock.now());
  const counted: string[] = [];
  let runs = 0;
  const hooks: Hooks = {
    published: () => {},
    publishing: () => {},
    busy: () => [],
    headStart: () => Promise.resolve(),
    firstResults: () => Promise.resolve(hooksSucceed),
    stopped: () => Promise.resolve(),
  };
  const ended = runLoop({
    settings,
    pass: {
      run(signal) {
        const pass = passes[Math.min(runs, passes.length - 1)] ?? broken;
        runs += 1;
        return pass(signal);
      },
      clean: () => Promise.resolve(),
    },
    refresh: () => Promise.resolve(),
    hooks,
    state,
    metrics: { pass: (status) => counted.push(status) },
    clock,
    log,
    errorFile: createErrorFile(dir.join('error.json'), () => {}),
    touchFile: dir.join('touched'),
    stop: stop.signal,
    wake,
  });
  /** Waits for the loop to rest, and tells how long it means to. */
  const rested = async () => waitFor(() => clock.waits()[0], { what: 'the loop to rest' });
  return { clock, stop, lines, wake, state, counted, ended, rested, runs: () => runs };
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
    const { ended, rested, clock, runs } = start({
      settings: v3(['-max-sync-failures=1']),
      passes: [broken],
    });
    await rested();
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
      await loop.rested();
      await loop.clock.advance(10_000);
    }
    expect(await loop.ended).toBe(1);
    expect(loop.counted).toEqual(['error', 'success', 'error', 'noop', 'error', 'error']);
    expect(loop.lines.filter((line) => line.includes('resetting failure count'))).toHaveLength(2);
  });
});

describe('the time between passes', () => {
  it('is the init period until the first success, then the period', async () => {
    const settings = v4(['--period=60s', '--init-period=2s', '--max-failures=-1']);
    const { clock, rested, lines } = start({ settings, passes: [broken, async () => done()] });
    expect(await rested()).toBe(2000);
    await clock.advance(2000);
    expect(await rested()).toBe(60_000);
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
    loop.wake.set();
    end(done());
    await waitFor(() => loop.runs() === 2, { what: 'the second pass' });
    end(done());
    await loop.rested();
    expect(loop.runs()).toBe(2);
    loop.wake.set();
    await waitFor(() => loop.runs() === 3, { what: 'the third pass' });
  });

  it('is shown while it lasts, and the deadline of a pass while that lasts', async () => {
    const hang = () => new Promise<PassResult>(() => {});
    const loop = start({ passes: [async () => done(), hang] });
    await loop.rested();
    expect(loop.state).toMatchObject({ nextSyncAt: loop.clock.now() + 10_000, passDeadlineAt: undefined });
    await loop.clock.advance(10_000);
    expect(loop.state).toMatchObject({ nextSyncAt: undefined, passDeadlineAt: loop.clock.now() + 120_000 });
  });
});

describe('a pinned commit', () => {
  it('is synced once; then only a wake-up leads to another pass', async () => {
    const loop = start({ passes: [async () => done({ changed: true, pinned: true })] });
    await waitFor(() => loop.lines.join().includes('no further sync needed'), { what: 'its rest' });
    expect(loop.clock.waits()).toEqual([]);
    await loop.clock.advance(3_600_000);
    expect(loop.runs()).toBe(1);
    loop.wake.set();
    await waitFor(() => loop.runs() === 2, { what: 'the second pass' });
  });

  it('ends at the stop', async () => {
    const loop = start({ passes: [async () => done({ pinned: true })] });
    await waitFor(() => loop.lines.join().includes('no further sync needed'), { what: 'its rest' });
    loop.stop.abort();
    expect(await loop.ended).toBe(0);
  });
});

describe('what a pass leaves behind', () => {
  it('is success for a change and for the first pass, noop otherwise, and a touch only for these', async () => {
    const loop = start({
      passes: [async () => done(), async () => done(), async () => done({ changed: true })],
    });
    await loop.rested();
    expect(await readdir(dir.path)).toEqual(['touched']);
    for (let pass = 0; pass < 2; pass += 1) {
      await loop.clock.advance(10_000);
      await loop.rested();
    }
    expect(loop.counted).toEqual(['success', 'noop', 'success']);
    expect(loop.state).toMatchObject({ ready: true, publishedHash: HASH, syncCount: 2, failuresInARow: 0 });
  });

  it('is the error in the state, until a success', async () => {
    const loop = start({ settings: v4(['--max-failures=5']), passes: [broken, async () => done()] });
    await loop.rested();
    expect(loop.state).toMatchObject({
      ready: false,
      failuresInARow: 1,
      lastError: { message: 'no network' },
    });
    await loop.clock.advance(10_000);
    await loop.rested();
    expect(loop.state).toMatchObject({ ready: true, failuresInARow: 0 });
  });

  it('is advice when the volume was full', async () => {
    const full = () => Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
    const loop = start({ passes: [full] });
    expect(await loop.ended).toBe(1);
    expect(loop.lines.join()).toContain('"code":"disk_full"');
  });

  it('is a failure when it takes longer than the sync timeout, with advice', async () => {
    const hang: Pass = (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('ended by the signal')));
      });
    const loop = start({ settings: v4(['--sync-timeout=20ms']), passes: [hang] });
    expect(await loop.ended).toBe(1);
    expect(loop.lines.join()).toContain('context deadline exceeded after 20ms');
    expect(loop.lines.join()).toContain('"code":"sync_timeout"');
  });
});

describe('one time', () => {
  it.each([
    [true, 0],
    [false, 1],
  ])('ends with the result of the hooks (%s: %i)', async (hooksSucceed, code) => {
    const settings = v4(['--one-time']);
    const loop = start({ settings, passes: [async () => done({ changed: true })], hooksSucceed });
    expect(await loop.ended).toBe(code);
    expect(loop.runs()).toBe(1);
    expect(await readFile(dir.join('touched'), 'utf8')).toBe('');
  });

  it('tries as often as failures are tolerated', async () => {
    const settings = v4(['--one-time', '--max-failures=3']);
    const loop = start({ settings, passes: [broken, broken, async () => done()] });
    for (let pass = 0; pass < 2; pass += 1) {
      await loop.rested();
      await loop.clock.advance(10_000);
    }
    expect(await loop.ended).toBe(0);
  });
});

describe('the end', () => {
  it('comes at once while it rests', async () => {
    const loop = start({ passes: [async () => done()] });
    await loop.rested();
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
    expect(loop.counted).toEqual([]);
    expect(loop.lines.join()).not.toContain('interrupted');
  });
});
