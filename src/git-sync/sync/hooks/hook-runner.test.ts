import { describe, expect, it } from 'vitest';
import { createFakeClock, settle } from '../../../core/testing/fake-clock.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { createHookRunner } from './hook-runner.ts';

/** A runner whose runs end when the test says so. */
function setUp({ once = false } = {}) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const { log, lines } = createRecordedLog();
  const runs: string[] = [];
  const results: string[] = [];
  let end: (error?: Error) => void = () => {};
  const runner = createHookRunner({
    delays: () => 3000,
    clock,
    log,
    once,
    signal: stop.signal,
    onResult: (status) => {
      results.push(status);
    },
    action: (hash, signal) => {
      runs.push(hash);
      return new Promise((resolve, reject) => {
        end = (error) => (error ? reject(error) : resolve());
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    },
  });
  const finish = async (error?: Error) => {
    end(error);
    await settle();
  };
  return { runner, clock, stop, runs, results, lines, finish };
}

describe('a hook runner', () => {
  it('runs for the newest hash only: what came while it was busy and was overtaken is skipped', async () => {
    const { runner, runs, finish } = setUp();
    for (const hash of ['a', 'b', 'c']) {
      runner.send(hash);
    }
    await finish();
    await finish();
    expect(runs).toEqual(['a', 'c']);
  });

  it('does not run twice in a row for the same hash, but again for an earlier one', async () => {
    const { runner, runs, results, finish } = setUp();
    for (const hash of ['a', 'a', 'b', 'a']) {
      runner.send(hash);
      await finish();
    }
    expect(runs).toEqual(['a', 'b', 'a']);
    expect(results).toEqual(['success', 'success', 'success']);
  });

  it('repeats a run that failed after exactly the backoff, as often as it takes', async () => {
    const { runner, clock, runs, results, lines, finish } = setUp();
    runner.send('a');
    await finish(new Error('no'));
    expect(clock.waits()).toEqual([3000]);
    await clock.advance(2999);
    expect(runs).toEqual(['a']);
    await clock.advance(1);
    await finish(new Error('still no'));
    await clock.advance(3000);
    await finish();
    expect(runs).toEqual(['a', 'a', 'a']);
    expect(results).toEqual(['error', 'error', 'success']);
    expect(
      lines.filter((line) => line.includes('hook failed') && line.includes('"retry":"3s"')),
    ).toHaveLength(2);
  });

  it('takes a newer hash at the retry', async () => {
    const { runner, clock, runs, finish } = setUp();
    runner.send('a');
    await finish(new Error('no'));
    runner.send('b');
    await clock.advance(3000);
    await finish();
    expect(runs).toEqual(['a', 'b']);
    expect(clock.waits()).toEqual([]);
  });

  it('runs again for the hash of its last success when another came in between and failed', async () => {
    const { runner, clock, runs, finish } = setUp();
    runner.send('a');
    await finish();
    runner.send('b');
    await finish(new Error('no'));
    runner.send('a');
    await clock.advance(3000);
    await finish();
    expect(runs).toEqual(['a', 'b']);
  });

  it('tells which hash it needs, running or waiting for its retry', async () => {
    const { runner, clock, finish } = setUp();
    expect(runner.running).toBeUndefined();
    runner.send('a');
    expect(runner.running).toBe('a');
    await finish(new Error('no'));
    expect(runner.running).toBe('a');
    await clock.advance(3000);
    await finish();
    expect(runner.running).toBeUndefined();
  });

  it.each([
    [undefined, true],
    [new Error('no'), false],
  ])('tells the first result', async (error, ok) => {
    const { runner, finish } = setUp({ once: true });
    runner.send('a');
    await finish(error);
    expect(await runner.firstResult()).toBe(ok);
  });

  it('does not repeat a failed run when there is only one to be', async () => {
    const { runner, clock, runs, finish } = setUp({ once: true });
    runner.send('a');
    await finish(new Error('no'));
    await clock.advance(60_000);
    expect(runs).toEqual(['a']);
    expect(clock.waits()).toEqual([]);
  });

  it('ends a run at the stop, counts and logs nothing for it, and starts no more', async () => {
    const { runner, stop, runs, results, lines } = setUp();
    runner.send('a');
    stop.abort(new Error('the end'));
    await runner.stopped();
    runner.send('b');
    await settle();
    expect(runs).toEqual(['a']);
    expect(results).toEqual([]);
    expect(lines.join()).not.toContain('hook failed');
  });

  it('ends the wait for a retry at the stop', async () => {
    const { runner, stop, clock, finish } = setUp();
    runner.send('a');
    await finish(new Error('no'));
    stop.abort(new Error('the end'));
    await runner.stopped();
    expect(clock.waits()).toEqual([]);
  });
});
