/** Runs a hook for the newest hash: a mailbox of one, never twice in a row for the same hash. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log/log.ts';
import type { Delays } from '../../../core/retry.ts';

export interface HookRunnerInit {
  /** How long to wait after so many failures in a row. */
  readonly delays: Delays;
  /** Runs the hook once; throws when it failed. */
  readonly action: (hash: string, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onResult: (status: 'success' | 'error') => void | Promise<void>;
  /** One try per hash: `--one-time` reports the failure instead of repeating it. */
  readonly once: boolean;
  readonly signal: AbortSignal;
}

export interface HookRunner {
  /** Asks for a run; a hash that waits is replaced, since only the newest matters. */
  send(hash: string): void;
  /** The hash that a run is busy with, or will be next: its worktree must stay. */
  readonly running: string | undefined;
  /** Whether this runner's first run succeeded; waits for it. */
  firstResult(): Promise<boolean>;
  /** Resolves when there is no run in progress, or when the next one is over, however it ended. */
  attempted(): Promise<void>;
  /** Resolves when no run is in progress; the signal must be aborted before. */
  stopped(): Promise<void>;
}

export function createHookRunner(init: HookRunnerInit): HookRunner {
  const { clock, log, signal } = init;
  let waiting: string | undefined;
  let running: string | undefined;
  let lastSuccess: string | undefined;
  let failures = 0;
  let isWorking = false;
  let worker: Promise<void> = Promise.resolve();
  let onAttempted: (() => void)[] = [];
  let settleFirst: (ok: boolean) => void = () => {};
  const first = new Promise<boolean>((resolve) => {
    settleFirst = resolve;
  });

  const succeeds = async (hash: string): Promise<boolean> => {
    try {
      await init.action(hash, signal);
      return true;
    } catch (error) {
      failures += 1;
      if (!signal.aborted) {
        const retry = `${init.delays(failures) / 1000}s`;
        log.error('hook failed', error, init.once ? { hash } : { hash, retry });
      }
      return false;
    }
  };

  /** Returns whether the hash is done with. */
  const attempt = async (hash: string): Promise<boolean> => {
    running = hash;
    const ok = await succeeds(hash);
    if (ok) {
      failures = 0;
      lastSuccess = hash;
    }
    if (ok || !signal.aborted) {
      await init.onResult(ok ? 'success' : 'error');
    }
    settleFirst(ok);
    running = undefined;
    onAttempted.forEach((resolve) => resolve());
    onAttempted = [];
    return ok || init.once;
  };

  /** Sets its own flag: when there is nothing to do, it has ended before its caller has its promise. */
  const work = async () => {
    isWorking = true;
    while (waiting !== undefined && !signal.aborted) {
      const hash = waiting;
      waiting = undefined;
      if (hash === lastSuccess) {
        settleFirst(true);
      } else if (!(await attempt(hash))) {
        waiting ??= hash;
        await clock.sleep(init.delays(failures), signal).catch(() => {});
      }
    }
    isWorking = false;
  };

  return {
    send(hash) {
      waiting = hash;
      if (!isWorking) {
        worker = work();
      }
    },
    get running() {
      return running ?? waiting;
    },
    firstResult: () => first,
    attempted() {
      return running === undefined
        ? Promise.resolve()
        : new Promise((resolve) => {
            onAttempted.push(resolve);
          });
    },
    stopped: () => worker,
  };
}
