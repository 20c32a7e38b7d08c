import { setMaxListeners } from 'node:events';
import { defineErrors, PillionError } from '../errors.ts';
import { monotonicMs } from '../monotonic.ts';
import { startTimer, type Timer } from '../timer.ts';
import { LAST_CHANCE_MS, withinDeadline } from './deadline.ts';

/** Signals that ask a process to end: Kubernetes sends the first, a terminal the second. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number] | 'SIGHUP';

export const LIFECYCLE_ERRORS = defineErrors({
  shutdown: {
    message: ({ why }: { why: string }) => why,
    about: 'the program is ending',
    internal: true,
  },
});

/** Why everything ends: the reason of the lifecycle's abort signal. */
export class ShutdownError extends PillionError {
  override readonly name: string = 'ShutdownError';
  /** The signal received; undefined when the program ended by itself. */
  readonly signal: NodeJS.Signals | undefined;

  constructor(message: string, signal?: NodeJS.Signals, cause?: unknown) {
    super(LIFECYCLE_ERRORS.shutdown.init({ why: message }, { facts: { signal }, cause }));
    this.signal = signal;
  }
}

export interface LifecycleOptions {
  /** From the first signal (or `shutdown`) to the deadline, milliseconds. Below the pod's grace period. */
  readonly graceMs: number;
  /** Signals that begin the end. Default: SIGTERM and SIGINT. */
  readonly stopSignals?: readonly StopSignal[] | undefined;
  /** Every stop signal, with how many came so far: log it. */
  readonly onSignal?: ((signal: NodeJS.Signals, count: number) => void) | undefined;
  /** Where the signals come from; tests pass an EventEmitter. */
  readonly process?: SignalSource | undefined;
}

export interface SignalSource {
  on(signal: StopSignal, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: StopSignal, listener: (signal: NodeJS.Signals) => void): unknown;
}

export type ShutdownStep = (deadline: AbortSignal) => void | Promise<void>;

export interface ShutdownReport {
  /** Steps that did not end by the deadline and were left alone. */
  readonly abandoned: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
  readonly durationMs: number;
}

export interface Lifecycle {
  /** Aborted with a `ShutdownError` at the first stop signal, or by `shutdown`. Pass it to every wait. */
  readonly signal: AbortSignal;
  /** Aborted when the grace has passed or at a second signal: from then on only what takes no time. */
  readonly deadline: AbortSignal;
  /** The first stop signal received. */
  readonly exitSignal: NodeJS.Signals | undefined;
  /** @param lastChanceMs what it has after the deadline, for a step that must not leave something behind; default 100 */
  onShutdown(name: string, step: ShutdownStep, lastChanceMs?: number): void;
  /** Runs the steps, once; later calls get the same report. Never rejects. */
  shutdown(reason: string, cause?: unknown): Promise<ShutdownReport>;
  /** Stops listening to signals. */
  dispose(): void;
}

interface NamedStep {
  readonly name: string;
  readonly step: ShutdownStep;
  readonly lastChanceMs: number;
}

/**
 * The life of a long-running command, and its end in a fixed order:
 *
 * 1. unready: the signal is aborted, /readyz answers 503, nobody sends new work;
 * 2. stop scheduling: every wait holds the signal, no new work is begun;
 * 3. abort or drain children: process groups end inside the grace;
 * 4. close sockets: the HTTP server last, so that probes and metrics are answered till then;
 * 5. flush: logs and state;
 * 6. exit code: the command returns it; nothing here calls process.exit.
 *
 * Register steps as things are opened, and they run in reverse: flush is registered first, the readiness last. The
 * deadline counts from the signal. A step that fails does not keep the next from running; one that hangs is abandoned
 * at the deadline and named. After the deadline the remaining steps still run, each with only a moment.
 */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const source = options.process ?? process;
  const stopSignals = options.stopSignals ?? STOP_SIGNALS;
  const stop = new AbortController();
  const deadline = new AbortController();
  setMaxListeners(0, stop.signal, deadline.signal); // every wait of the program listens: that is no leak
  const steps: NamedStep[] = [];
  let signals = 0;
  let exitSignal: NodeJS.Signals | undefined;
  let graceTimer: Timer | undefined;
  let report: Promise<ShutdownReport> | undefined;

  function begin(reason: ShutdownError): void {
    if (stop.signal.aborted) {
      return;
    }
    const passed = () => expire(new ShutdownError('the grace period has passed'));
    graceTimer = startTimer(options.graceMs, passed);
    stop.abort(reason);
  }

  function expire(reason: ShutdownError): void {
    graceTimer?.cancel();
    deadline.abort(reason);
  }

  function onSignal(signal: NodeJS.Signals): void {
    signals += 1;
    exitSignal ??= signal;
    options.onSignal?.(signal, signals);
    if (signals === 1) {
      begin(new ShutdownError(`received ${signal}`, signal));
    } else {
      expire(new ShutdownError(`received ${signal} again`, signal));
    }
  }

  async function end(): Promise<ShutdownReport> {
    const result = await runSteps(steps, deadline.signal);
    graceTimer?.cancel();
    return result;
  }

  for (const name of stopSignals) {
    source.on(name, onSignal);
  }
  return {
    signal: stop.signal,
    deadline: deadline.signal,
    get exitSignal() {
      return exitSignal;
    },
    onShutdown(name, step, lastChanceMs = LAST_CHANCE_MS) {
      steps.push({ name, step, lastChanceMs });
    },
    shutdown(reason, cause) {
      begin(new ShutdownError(reason, undefined, cause));
      report ??= end();
      return report;
    },
    dispose() {
      graceTimer?.cancel();
      for (const name of stopSignals) {
        source.off(name, onSignal);
      }
    },
  };
}

/** Runs the steps from the last to the first; a step may still register another, which runs next. */
async function runSteps(steps: NamedStep[], deadline: AbortSignal): Promise<ShutdownReport> {
  const started = monotonicMs();
  const abandoned: string[] = [];
  const failed: { name: string; error: unknown }[] = [];
  for (let next = steps.pop(); next !== undefined; next = steps.pop()) {
    const { name, step, lastChanceMs } = next;
    try {
      const ended = await withinDeadline(async () => await step(deadline), deadline, lastChanceMs);
      if (!ended) {
        abandoned.push(name);
      }
    } catch (error) {
      failed.push({ name, error });
    }
  }
  return { abandoned, failed, durationMs: monotonicMs() - started };
}
