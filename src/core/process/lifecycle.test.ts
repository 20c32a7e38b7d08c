import { EventEmitter, getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLifecycle, type Lifecycle, type LifecycleOptions, ShutdownError } from './lifecycle.ts';

function start(options: Partial<LifecycleOptions> = {}): { lifecycle: Lifecycle; source: EventEmitter } {
  const source = new EventEmitter();
  const lifecycle = createLifecycle({ graceMs: 60_000, process: source, ...options });
  onTestFinished(() => lifecycle.dispose());
  return { lifecycle, source };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

describe('a lifecycle', () => {
  it('aborts its signal at the first SIGTERM, saying which signal it was', () => {
    const seen: [string, number][] = [];
    const { lifecycle, source } = start({ onSignal: (name, count) => seen.push([name, count]) });
    expect(lifecycle.signal.aborted).toBe(false);
    expect(lifecycle.exitSignal).toBeUndefined();
    source.emit('SIGTERM', 'SIGTERM');
    expect(lifecycle.signal.reason).toBeInstanceOf(ShutdownError);
    expect(lifecycle.signal.reason).toMatchObject({ signal: 'SIGTERM', message: 'received SIGTERM' });
    source.emit('SIGINT', 'SIGINT');
    expect(lifecycle.exitSignal).toBe('SIGTERM');
    expect(seen).toEqual([
      ['SIGTERM', 1],
      ['SIGINT', 2],
    ]);
  });

  it('listens to the signals of the process, and stops when disposed of', () => {
    const before = process.listenerCount('SIGTERM');
    const lifecycle = createLifecycle({ graceMs: 1000 });
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    expect(process.listenerCount('SIGINT')).toBeGreaterThan(0);
    lifecycle.dispose();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  it('ends by other signals when it is told which, and by those alone', () => {
    const { lifecycle, source } = start({ stopSignals: ['SIGINT', 'SIGHUP'] });
    expect(source.listenerCount('SIGTERM')).toBe(0);
    source.emit('SIGHUP', 'SIGHUP');
    expect(lifecycle.signal.reason).toMatchObject({ signal: 'SIGHUP' });
    lifecycle.dispose();
    expect([source.listenerCount('SIGINT'), source.listenerCount('SIGHUP')]).toEqual([0, 0]);
  });

  it('takes any number of waits on its signal without a warning', async () => {
    const { lifecycle } = start();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    for (let waits = 0; waits < 50; waits += 1) {
      lifecycle.signal.addEventListener('abort', () => waits);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

describe('shutdown', () => {
  it('runs the steps once, one after the other, from the last to the first', async () => {
    const { lifecycle } = start();
    const order: string[] = [];
    for (const name of ['flush', 'close server', 'stop scheduling']) {
      lifecycle.onShutdown(name, async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        order.push(name);
      });
    }
    const first = lifecycle.shutdown('done');
    expect(lifecycle.signal.reason).toMatchObject({ message: 'done', signal: undefined });
    const report = await first;
    expect(await lifecycle.shutdown('again')).toBe(report);
    expect(order).toEqual(['stop scheduling', 'close server', 'flush']);
    expect(report).toMatchObject({ abandoned: [], failed: [] });
    expect(getEventListeners(lifecycle.deadline, 'abort')).toHaveLength(0);
  });

  it('goes on after a step that fails, and names it', async () => {
    const { lifecycle } = start();
    const error = new Error('broken');
    let flushed = false;
    lifecycle.onShutdown('flush', () => {
      flushed = true;
    });
    lifecycle.onShutdown('rejects', () => Promise.reject(error));
    lifecycle.onShutdown('throws', () => {
      throw error;
    });
    const { failed } = await lifecycle.shutdown('done');
    expect(failed).toEqual([
      { name: 'throws', error },
      { name: 'rejects', error },
    ]);
    expect(flushed).toBe(true);
  });

  it('abandons a step that hangs past the deadline, names it, and still runs the rest', async () => {
    const { lifecycle } = start({ graceMs: 50 });
    let flushed = false;
    lifecycle.onShutdown('flush', async (deadline) => {
      flushed = deadline.aborted;
    });
    lifecycle.onShutdown('hurries', untilAborted);
    lifecycle.onShutdown('hangs', () => new Promise(() => {}));
    const report = await lifecycle.shutdown('done');
    expect(report.abandoned).toEqual(['hangs']);
    expect(flushed).toBe(true);
  });

  it('gives a step that reacts to the deadline the moment it needs', async () => {
    const { lifecycle } = start({ graceMs: 20 });
    lifecycle.onShutdown('hurries', untilAborted);
    expect((await lifecycle.shutdown('done')).abandoned).toEqual([]);
  });

  it('gives a step that would leave something behind the time it asked for, after a second signal too', async () => {
    const { lifecycle, source } = start({ graceMs: 60_000 });
    lifecycle.onShutdown('removes', () => new Promise((resolve) => setTimeout(resolve, 300)), 10_000);
    source.emit('SIGTERM', 'SIGTERM');
    source.emit('SIGTERM', 'SIGTERM');
    expect((await lifecycle.shutdown('done')).abandoned).toEqual([]);
  });

  it('counts the grace from the signal, not from its own start', async () => {
    const { lifecycle, source } = start({ graceMs: 30 });
    source.emit('SIGTERM', 'SIGTERM');
    await untilAborted(lifecycle.deadline);
    let late = false;
    lifecycle.onShutdown('step', (deadline) => {
      late = deadline.aborted;
    });
    await lifecycle.shutdown('done');
    expect(late).toBe(true);
  });

  it('hurries at a second signal', async () => {
    const { lifecycle, source } = start();
    lifecycle.onShutdown('drain', untilAborted);
    source.emit('SIGTERM', 'SIGTERM');
    const pending = lifecycle.shutdown('stopping');
    source.emit('SIGTERM', 'SIGTERM');
    expect((await pending).abandoned).toEqual([]);
    expect(lifecycle.deadline.reason).toMatchObject({ message: 'received SIGTERM again' });
  });

  it('runs a step that another step has registered', async () => {
    const { lifecycle } = start();
    const order: string[] = [];
    lifecycle.onShutdown('first', () => {
      order.push('first');
    });
    lifecycle.onShutdown('second', () => {
      lifecycle.onShutdown('late', () => {
        order.push('late');
      });
    });
    await lifecycle.shutdown('done');
    expect(order).toEqual(['late', 'first']);
  });
});
