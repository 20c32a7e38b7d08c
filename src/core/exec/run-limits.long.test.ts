import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ExecError } from './exec-error.ts';
import { blockFor, blockUntil, ENV, fixture, isRunning, whenReady } from './fixtures/fixtures.ts';
import { run, tryRun } from './run.ts';

/** Resolves when the program has written its first output, and gives what to pass as `onOutput`. */
function firstOutput(): { seen: Promise<void>; onOutput: () => void } {
  let onOutput = () => {};
  const seen = new Promise<void>((resolve) => {
    onOutput = resolve;
  });
  return { seen, onOutput };
}

describe('a time limit', () => {
  it('ends a program that takes too long', async () => {
    const error: unknown = await run('sleep', ['300'], { env: ENV, timeoutMs: 100 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ExecError);
    expect(error).toMatchObject({
      code: 'exec_timeout',
      outcome: { timedOut: true, signal: 'SIGTERM', exitCode: undefined, aborted: false },
    });
  });

  it('kills a program that ignores SIGTERM once the grace has passed', async () => {
    const { file, onSpawn } = await whenReady();
    const options = { env: ENV, onSpawn, timeoutMs: 50, graceMs: 200 };
    const outcome = await tryRun(fixture('ignore-term.sh'), [file], options);
    expect(outcome).toMatchObject({ timedOut: true, signal: 'SIGKILL', stdout: 'ready\n' });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(245);
  });

  it('gives a program a grace of 600 hours when asked to', async () => {
    const { file, onSpawn } = await whenReady();
    const options = { env: ENV, onSpawn, timeoutMs: 50, graceMs: 600 * 3_600_000 };
    const outcome = await tryRun(fixture('tidy-on-term.sh'), [file], options);
    expect(outcome).toMatchObject({ timedOut: true, exitCode: 0, stdout: 'ready\ntidied\n' });
  });

  it('still counts as a timeout when the program tidies up and exits with 0', async () => {
    const { file, onSpawn } = await whenReady();
    const options = { env: ENV, onSpawn, timeoutMs: 50, graceMs: 15_000 };
    const outcome = await tryRun(fixture('tidy-on-term.sh'), [file], options);
    expect(outcome).toMatchObject({ timedOut: true, exitCode: 0, stdout: 'ready\ntidied\n' });
  });

  it('does not blame a program that ended while our own event loop was held up', async () => {
    const onSpawn = (pid: number) => {
      blockUntil(() => !isRunning(pid));
      blockFor(200);
    };
    const pending = tryRun('true', [], { env: ENV, onSpawn, timeoutMs: 150 });
    expect(await pending).toMatchObject({ exitCode: 0, timedOut: false });
  });

  it('of more than a timer can hold is kept', async () => {
    const options = { env: ENV, timeoutMs: 1e12 };
    expect(await tryRun('sleep', ['0.1'], options)).toMatchObject({ exitCode: 0, timedOut: false });
  });

  it('of infinity is none', async () => {
    const options = { env: ENV, timeoutMs: Number.POSITIVE_INFINITY };
    expect((await tryRun('true', [], options)).exitCode).toBe(0);
  });
});

describe('an abort', () => {
  it('ends the program the way a limit does', async () => {
    const abort = new AbortController();
    const { seen, onOutput } = firstOutput();
    const pending = run(fixture('tidy-on-term.sh'), [], { env: ENV, onOutput, signal: abort.signal });
    await seen;
    abort.abort();
    await expect(pending).rejects.toMatchObject({
      code: 'exec_aborted',
      outcome: { aborted: true, timedOut: false, exitCode: 0, stdout: 'ready\ntidied\n' },
    });
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });

  it('before the start starts nothing', async () => {
    let started = false;
    const options = { env: ENV, signal: AbortSignal.abort(), onSpawn: () => (started = true) };
    const outcome = await tryRun('true', [], options);
    expect(outcome).toMatchObject({ aborted: true, exitCode: undefined });
    expect(started).toBe(false);
  });

  it('after a time limit changes nothing: the first cause wins', async () => {
    const { file, onSpawn } = await whenReady();
    const abort = new AbortController();
    const onOutput = (_stream: string, chunk: Uint8Array) => {
      if (String(chunk).includes('told to end')) {
        abort.abort();
      }
    };
    const options = { env: ENV, onSpawn, onOutput, signal: abort.signal, timeoutMs: 50, graceMs: 1500 };
    const script = 'trap "echo told to end" TERM; : >"$0"; while :; do sleep 0.02; done';
    const pending = tryRun('sh', ['-c', script, file], options);
    expect(await pending).toMatchObject({ timedOut: true, aborted: false, signal: 'SIGKILL' });
    expect(abort.signal.aborted).toBe(true);
  });

  it('before a time limit wins over it', async () => {
    const { file, onSpawn } = await whenReady();
    const abort = new AbortController();
    const options = { env: ENV, onSpawn, signal: abort.signal, timeoutMs: 200, graceMs: 600 };
    const pending = tryRun(fixture('ignore-term.sh'), [file], options);
    abort.abort();
    expect(await pending).toMatchObject({ timedOut: false, aborted: true, signal: 'SIGKILL' });
  });
});
