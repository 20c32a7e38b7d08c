/** The one start and end of every long-running command. */
import { type Clock, systemClock } from '../clock.ts';
import type { CommandContext, ExitStatus } from '../command.ts';
import { isPillionError } from '../errors.ts';
import { onPipeProblem } from '../exec/child-io.ts';
import { killRunning } from '../exec/running.ts';
import { createLog, type Log, type LogOptions } from '../log/log.ts';
import type { Secrets } from '../log/secrets.ts';
import type { MetricsRegistry } from '../metrics/registry.ts';
import { guardAgainstCrashes } from './crash-guard.ts';
import { withinDeadline } from './deadline.ts';
import { closeDebugger } from './debug-signal.ts';
import {
  createLifecycle,
  LIFECYCLE_ERRORS,
  type Lifecycle,
  type ShutdownReport,
  type StopSignal,
} from './lifecycle.ts';

/** For the body to end after the deadline, when its children have been killed. */
const BODY_LAST_CHANCE_MS = 1000;

export interface ProcessOptions {
  readonly context: CommandContext;
  /** How the log looks; its secrets are those of the context. */
  readonly log: Omit<LogOptions, 'secrets'>;
  /** From the first stop signal to the deadline, milliseconds. Below the pod's grace period. */
  readonly graceMs: number;
  /** Signals that begin the end. Default: SIGTERM and SIGINT. */
  readonly stopSignals?: readonly StopSignal[] | undefined;
  /** Signals that the body listens to itself. SIGUSR1 otherwise stands for the first stop signal. */
  readonly ownSignals?: readonly NodeJS.Signals[] | undefined;
  /** Called at each stop signal. Default: an informational line. */
  readonly onSignal?: ((signal: NodeJS.Signals, count: number, log: Log) => void) | undefined;
  /** Message of the log line about what the body throws, which ends the process with the error's exit code. */
  readonly failureMessage?: string | undefined;
  /** How the process ends. Default: by the stop signal it has received, or else with the body's exit code. */
  readonly exitStatus?: ((code: number, signal: NodeJS.Signals | undefined) => ExitStatus) | undefined;
}

/** What the body of a command gets; it lives as long as the process. */
export interface Scope {
  readonly context: CommandContext;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  /** The metrics of this process. The library is loaded at the first call. */
  registry(): Promise<MetricsRegistry>;
}

/**
 * Runs the body of a command from its start to its end:
 *
 * - a stop signal aborts `lifecycle.signal`; the body ends, then the shutdown steps run, and all within the grace: what
 *   hangs is abandoned at the deadline, or at a second signal, and children that still run are killed. Steps that fail
 *   or are abandoned are logged;
 * - an error that nothing handles is logged without secrets, and the process shuts down in order and ends with 1.
 *
 * The caller ends the process (src/cli.ts): nothing of the body may be left that must still be waited for.
 */
export async function runProcess(
  options: ProcessOptions,
  body: (scope: Scope) => Promise<number>,
): Promise<ExitStatus> {
  const { context, graceMs, stopSignals, onSignal = logSignal } = options;
  const log = createLog({ ...options.log, secrets: context.secrets });
  const lifecycle = createLifecycle({
    graceMs,
    stopSignals,
    onSignal: (signal, count) => onSignal(signal, count, log),
  });
  lifecycle.deadline.addEventListener('abort', killRunning, { once: true });
  onPipeProblem((reason) =>
    log.warn('programs get sockets instead of pipes: they cannot open /dev/stdout by its path', { reason }),
  );
  const guard = guardAgainstCrashes(log);
  const releaseDebugSignal = closeDebugger(debugSignalListener(options));
  const { secrets } = context;
  const scope = { context, log, secrets, clock: systemClock, lifecycle, registry: lazyRegistry() };
  try {
    const end = await runBody(() => body(scope), guard.crashed, lifecycle);
    const code = judge(end, options, log);
    logReport(await lifecycle.shutdown('the work has ended'), log);
    const status = options.exitStatus ?? bySignalOrCode;
    return status(code, lifecycle.exitSignal);
  } finally {
    killRunning();
    lifecycle.dispose();
    guard.dispose();
    releaseDebugSignal();
    log.flush();
  }
}

type BodyEnd =
  | { readonly kind: 'returned'; readonly code: number }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** Something was thrown where nothing could catch it, and it is logged. */
  | { readonly kind: 'crashed' }
  /** It has not ended by the deadline. */
  | { readonly kind: 'abandoned' };

async function runBody(
  body: () => Promise<number>,
  crashed: Promise<void>,
  lifecycle: Lifecycle,
): Promise<BodyEnd> {
  let end: BodyEnd = { kind: 'abandoned' };
  const ended = body().then(
    (code): BodyEnd => ({ kind: 'returned', code }),
    (error: unknown): BodyEnd => {
      // A wait that the stop signal has ended is no failure.
      return lifecycle.signal.aborted && LIFECYCLE_ERRORS.shutdown.matches(error)
        ? { kind: 'returned', code: 0 }
        : { kind: 'failed', error };
    },
  );
  const crash = crashed.then((): BodyEnd => ({ kind: 'crashed' }));
  const untilEnd = async () => {
    end = await Promise.race([ended, crash]);
  };
  await withinDeadline(untilEnd, lifecycle.deadline, BODY_LAST_CHANCE_MS);
  return end;
}

/** The exit code of what has ended the body, which is logged. */
function judge(end: BodyEnd, { failureMessage }: ProcessOptions, log: Log): number {
  switch (end.kind) {
    case 'returned':
      return end.code;
    case 'failed':
      log.error(failureMessage ?? 'failed', end.error);
      return isPillionError(end.error) ? end.error.exitCode : 1;
    case 'abandoned':
      log.error('the work did not end in time, and is abandoned');
      return 1;
    default:
      return 1;
  }
}

function logReport({ failed, abandoned }: ShutdownReport, log: Log): void {
  for (const { name, error } of failed) {
    log.error('shutdown step failed', error, { step: name });
  }
  for (const step of abandoned) {
    log.error('shutdown step did not end in time', undefined, { step });
  }
}

function logSignal(signal: NodeJS.Signals, count: number, log: Log): void {
  log.info(`received ${signal}, shutting down`, { count });
}

function bySignalOrCode(code: number, signal: NodeJS.Signals | undefined): ExitStatus {
  return signal === undefined ? code : { signal };
}

function debugSignalListener({ ownSignals = [], stopSignals = [] }: ProcessOptions): () => void {
  return ownSignals.includes('SIGUSR1')
    ? () => undefined
    : () => process.kill(process.pid, stopSignals[0] ?? 'SIGTERM');
}

function lazyRegistry(): () => Promise<MetricsRegistry> {
  let registry: Promise<MetricsRegistry> | undefined;
  const load = async () => {
    const { addProcessMetrics, createRegistry } = await import('../metrics/metrics.ts');
    const created = createRegistry();
    addProcessMetrics(created);
    return created;
  };
  return () => (registry ??= load());
}
