import type { ChildProcess } from 'node:child_process';
import { errorMessage, systemErrorCode } from '../errors.ts';
import { startTimer, type Timer } from '../timer.ts';
import { type Limits, startLimits } from './limits.ts';
import type { OutputStream, RunOptions, RunOutcome } from './outcome.ts';
import { signalGroup } from './process-group.ts';

export type Ending = Pick<RunOutcome, 'exitCode' | 'signal' | 'timedOut' | 'aborted' | 'spawnError'>;

type Cause = 'total' | 'inactivity' | 'aborted' | 'callback';

const DEFAULT_GRACE_MS = 1000;
/** After SIGKILL the kernel needs a moment; what does not end by then is in an uninterruptible wait. */
const AFTER_KILL_MS = 100;
/** A grandchild may hold the pipe after the program ended: wait for its silence, but not for its end. */
const DRAIN_SILENCE_MS = 100;
const DRAIN_MAX_MS = 500;

/**
 * Follows one child (a leader of its own process group) to its end and settles in bounded time.
 *
 * running -> [SIGTERM to the group -> grace -> SIGKILL] -> ended, pipes closed or given up -> settled.
 * The first cause wins: after the program ended by itself no limit or abort changes the result, and the other way round.
 * The grace lasts while anybody of the group holds the pipes, so that the helpers of a program can tidy up as well.
 */
class Supervisor {
  readonly #child: ChildProcess;
  readonly #options: RunOptions;
  readonly #resolve: (ending: Ending) => void;
  readonly #reject: (error: unknown) => void;
  #cause: Cause | undefined;
  #callbackError: unknown;
  #exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  #settled = false;
  #limits: Limits | undefined;
  /** Grace, then after-kill, or drain: one at a time. */
  #phaseTimer: Timer | undefined;

  constructor(
    child: ChildProcess,
    options: RunOptions,
    resolve: (ending: Ending) => void,
    reject: (error: unknown) => void,
  ) {
    this.#child = child;
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
    child.on('exit', this.#onExit);
    child.on('close', this.#settle);
    this.#listen('stdout');
    this.#listen('stderr');
    this.#limits = startLimits(this.#options, (limit) => this.#terminate(limit));
    this.#options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#guard(() => this.#options.onSpawn?.(child.pid ?? 0));
    this.#feed();
  }

  #feed(): void {
    const { stdin } = this.#child;
    if (stdin !== null) {
      stdin.on('error', ignore); // EPIPE: the program does not want it
      stdin.end(this.#options.stdin);
    }
  }

  #listen(name: OutputStream): void {
    const stream = this.#child[name];
    stream?.on('error', ignore);
    stream?.on('data', (chunk: Buffer) => {
      this.#limits?.touch();
      this.#guard(() => this.#options.onOutput?.(name, chunk));
    });
  }

  /** Runs a caller's callback; what it throws ends the run and is thrown from there. */
  #guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#callbackError ??= error;
      this.#terminate('callback');
    }
  }

  readonly #onAbort = (): void => this.#terminate('aborted');

  readonly #onError = (error: Error): void => {
    if (this.#child.pid === undefined) {
      const spawnError = systemErrorCode(error) ?? errorMessage(error);
      this.#finish({ exitCode: undefined, signal: undefined, timedOut: false, aborted: false, spawnError });
    }
  };

  readonly #onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    this.#exit = { code, signal };
    this.#limits?.clear();
    if (this.#cause === undefined && !this.#settled) {
      this.#drain(performance.now() + DRAIN_MAX_MS);
    } // else the pipes of the rest of the group have until the end of the grace
  };

  #terminate(cause: Cause): void {
    if (this.#cause !== undefined || this.#exit !== undefined || this.#settled) {
      return;
    }
    this.#cause = cause;
    this.#limits?.clear();
    this.#signal('SIGTERM');
    this.#phaseTimer = startTimer(this.#options.graceMs ?? DEFAULT_GRACE_MS, this.#kill);
  }

  readonly #kill = (): void => {
    this.#signal('SIGKILL');
    this.#phaseTimer = startTimer(AFTER_KILL_MS, this.#settle);
  };

  /** What the program wrote last is still in the pipe; a grandchild may hold it open, or go on writing. */
  #drain(deadline: number): void {
    const seen = this.#limits?.lastOutput();
    const check = () => {
      if (this.#limits?.lastOutput() === seen || performance.now() >= deadline) {
        this.#settle();
      } else if (!this.#settled) {
        this.#drain(deadline);
      }
    };
    const wait = Math.min(DRAIN_SILENCE_MS, Math.max(deadline - performance.now(), 0));
    this.#phaseTimer = startTimer(wait, () => setImmediate(check));
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
      timedOut: this.#cause === 'total' || this.#cause === 'inactivity' ? this.#cause : false,
      aborted: this.#cause === 'aborted',
    });
  };

  #finish(ending: Ending): void {
    this.#settled = true;
    this.#limits?.clear();
    this.#phaseTimer?.cancel();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
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
export function supervise(child: ChildProcess, options: RunOptions): Promise<Ending> {
  return new Promise((resolve, reject) => {
    new Supervisor(child, options, resolve, reject).start();
  });
}
