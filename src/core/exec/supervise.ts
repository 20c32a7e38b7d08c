import type { ChildProcess } from 'node:child_process';
import { Duplex } from 'node:stream';
import { errorMessage, systemErrorCode } from '../errors.ts';
import { monotonicMs } from '../monotonic.ts';
import { startTimer, type Timer } from '../timer.ts';
import type { ChildStreams } from './child-io.ts';
import type { OutputStream, RunOptions, RunOutcome } from './outcome.ts';
import { signalGroup } from './process-group.ts';
import { type OutputReader, readOutput } from './read-output.ts';
import { noteRunning } from './running.ts';
import { writeInput } from './write-input.ts';

export type Ending = Pick<RunOutcome, 'exitCode' | 'signal' | 'timedOut' | 'aborted' | 'spawnError'>;

type Cause = 'timeout' | 'aborted' | 'callback';

const DEFAULT_GRACE_MS = 1000;
/** After SIGKILL the kernel needs a moment; what does not end by then is in an uninterruptible wait. */
const AFTER_KILL_MS = 100;
/** A grandchild may hold the pipe after the program ended: wait for its silence, but not for its end. */
const DRAIN_SILENCE_MS = 100;
const DRAIN_MAX_MS = 500;
/** More than a full pipe can hold: what comes after the program's end beyond that is not its output. */
const DRAIN_MAX_BYTES = 2 * 1024 * 1024;
/** How long a consumer may take for what has been read when everything else is over. */
const CONSUMER_MAX_MS = 5_000;
const CONSUMER_MAX_AFTER_KILL_MS = 1_000;

/** When a wait for the last output is over. */
interface DrainLimit {
  /** From then on only for a consumer that is busy. */
  readonly deadline: number;
  readonly consumerDeadline: number;
  readonly maxBytes: number;
}

/**
 * Follows one child (a leader of its own process group) to its end and settles in bounded time.
 *
 * running -> [SIGTERM to the group -> grace -> SIGKILL] -> ended, pipes closed or given up -> settled.
 * The first cause wins: after the program ended by itself no limit or abort changes the result, and the other way round.
 * The grace lasts while anybody of the group holds the pipes, so that the helpers of a program can tidy up as well.
 */
class Supervisor {
  readonly #child: ChildProcess;
  readonly #streams: ChildStreams;
  readonly #options: RunOptions;
  readonly #resolve: (ending: Ending) => void;
  readonly #reject: (error: unknown) => void;
  #readers: readonly OutputReader[] = [];
  #cause: Cause | undefined;
  #callbackError: unknown;
  #exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  #settled = false;
  #limit: Timer | undefined;
  /** Grace, then drain: one at a time. */
  #phaseTimer: Timer | undefined;
  #noLongerRunning: () => void = ignore;

  constructor(
    child: ChildProcess,
    streams: ChildStreams,
    options: RunOptions,
    resolve: (ending: Ending) => void,
    reject: (error: unknown) => void,
  ) {
    this.#child = child;
    this.#streams = streams;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    const child = this.#child;
    child.on('error', this.#onError);
    if (child.pid === undefined) {
      return; // the error event follows
    }
    this.#noLongerRunning = noteRunning(this.#endNow);
    child.on('exit', this.#onExit);
    this.#readers = [this.#read('stdout'), this.#read('stderr')];
    this.#startLimit();
    this.#options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#guardNow(() => this.#options.onSpawn?.(child.pid ?? 0));
    this.#feed();
    this.#openChannel();
  }

  /**
   * The timer waits for one more turn of the event loop: when this process was held up, its timers run before it hears of
   * the child's end, and a child that ended in time would be called late.
   */
  #startLimit(): void {
    const { timeoutMs } = this.#options;
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#limit = startTimer(timeoutMs, () => setImmediate(() => this.#terminate('timeout')));
    }
  }

  #feed(): void {
    const { stdin } = this.#streams;
    if (stdin === undefined) {
      return;
    }
    stdin.on('error', ignore); // EPIPE: the program does not want it
    const input = this.#options.stdin;
    if (typeof input === 'function') {
      writeInput(stdin, input).catch(this.#onCallbackError);
    } else {
      stdin.end(input);
    }
  }

  #channel(): Duplex | undefined {
    const channel = this.#child.stdio[3];
    return channel instanceof Duplex ? channel : undefined;
  }

  #openChannel(): void {
    const channel = this.#channel();
    if (channel !== undefined) {
      channel.allowHalfOpen = true;
      channel.on('error', ignore); // as with stdin
      this.#guardNow(() => this.#options.onChannel?.(channel));
    }
  }

  #read(name: OutputStream): OutputReader {
    const consume = (chunk: Buffer) => this.#guard(() => this.#options.onOutput?.(name, chunk));
    return readOutput(this.#streams[name], consume, this.#onReaderDone);
  }

  /** Runs a caller's callback; what it throws ends the run and is thrown from there. */
  #guard(callback: () => void | Promise<void>): void | Promise<void> {
    try {
      const pending = callback();
      return pending instanceof Promise ? pending.catch(this.#onCallbackError) : undefined;
    } catch (error) {
      this.#onCallbackError(error);
    }
  }

  #guardNow(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#onCallbackError(error);
    }
  }

  readonly #onCallbackError = (error: unknown): void => {
    this.#callbackError ??= error;
    this.#terminate('callback');
  };

  readonly #onAbort = (): void => this.#terminate('aborted');

  readonly #onError = (error: Error): void => {
    if (this.#child.pid === undefined) {
      const spawnError = systemErrorCode(error) ?? errorMessage(error);
      this.#finish({ exitCode: undefined, signal: undefined, timedOut: false, aborted: false, spawnError });
    }
  };

  readonly #onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    this.#exit = { code, signal };
    this.#onReaderDone();
    if (this.#options.untilOutputEnds === true) {
      return;
    }
    this.#limit?.cancel();
    if (this.#cause === undefined && !this.#settled) {
      this.#drain(DRAIN_MAX_MS, CONSUMER_MAX_MS, DRAIN_MAX_BYTES);
    } // else the pipes of the rest of the group have until the end of the grace
  };

  readonly #onReaderDone = (): void => {
    if (this.#exit !== undefined && this.#readers.every((reader) => reader.isDone())) {
      this.#settle();
    }
  };

  #terminate(cause: Cause): void {
    const hasEnded = this.#exit !== undefined && this.#options.untilOutputEnds !== true;
    if (this.#cause !== undefined || hasEnded || this.#settled) {
      return;
    }
    this.#cause = cause;
    this.#limit?.cancel();
    this.#signal('SIGTERM');
    this.#phaseTimer = startTimer(this.#options.graceMs ?? DEFAULT_GRACE_MS, this.#kill);
  }

  /** The process itself ends: no grace. */
  readonly #endNow = (): void => {
    if (this.#exit === undefined) {
      this.#cause ??= 'aborted';
    }
    this.#phaseTimer?.cancel();
    this.#kill();
  };

  readonly #kill = (): void => {
    this.#signal('SIGKILL');
    this.#drain(AFTER_KILL_MS, CONSUMER_MAX_AFTER_KILL_MS, Number.POSITIVE_INFINITY);
  };

  /** What the program wrote last is still in the pipe; a grandchild may hold it open, or go on writing. */
  #drain(maxMs: number, consumerMaxMs: number, maxBytes: number): void {
    const now = monotonicMs();
    this.#awaitDrained({
      deadline: now + maxMs,
      consumerDeadline: now + consumerMaxMs,
      maxBytes: this.#bytes() + maxBytes,
    });
  }

  #awaitDrained(limit: DrainLimit): void {
    const left = limit.deadline - monotonicMs();
    const wait = left > 0 ? Math.min(DRAIN_SILENCE_MS, left) : DRAIN_SILENCE_MS;
    const check = () => {
      if (this.#isDrained(limit)) {
        this.#settle();
      } else if (!this.#settled) {
        this.#awaitDrained(limit);
      }
    };
    this.#phaseTimer = startTimer(wait, () => setImmediate(check)); // what waits in the pipe is read in between
  }

  #isDrained(limit: DrainLimit): boolean {
    const now = monotonicMs();
    if (now >= limit.consumerDeadline || this.#bytes() > limit.maxBytes) {
      return true;
    }
    if (this.#readers.some((reader) => reader.isBusy())) {
      return false;
    }
    return (
      now >= limit.deadline || this.#readers.every((reader) => now - reader.lastActive() >= DRAIN_SILENCE_MS)
    );
  }

  #bytes(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.bytes(), 0);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined) {
      signalGroup(this.#child.pid, signal);
    }
  }

  readonly #settle = (): void => {
    if (this.#settled) {
      return;
    }
    if (this.#cause !== undefined || (this.#options.killGroupAfterExit ?? true)) {
      this.#signal('SIGKILL');
    }
    this.#finish({
      exitCode: this.#exit?.code ?? undefined,
      signal: this.#exit?.signal ?? undefined,
      timedOut: this.#cause === 'timeout',
      aborted: this.#cause === 'aborted',
    });
  };

  #finish(ending: Ending): void {
    this.#settled = true;
    this.#noLongerRunning();
    this.#limit?.cancel();
    this.#phaseTimer?.cancel();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    for (const stream of [this.#streams.stdin, this.#streams.stdout, this.#streams.stderr, this.#channel()]) {
      stream?.destroy();
    }
    this.#child.unref(); // a child the kernel cannot end must not hold up our own exit
    if (this.#cause === 'callback') {
      this.#reject(this.#callbackError);
    } else {
      this.#resolve(ending);
    }
  }
}

function ignore(): void {
  // Broken pipes say nothing that the exit code does not.
}

/** Resolves with how the child ended; rejects only with what a callback of the caller threw. */
export function supervise(child: ChildProcess, streams: ChildStreams, options: RunOptions): Promise<Ending> {
  return new Promise((resolve, reject) => {
    new Supervisor(child, streams, options, resolve, reject).start();
  });
}
