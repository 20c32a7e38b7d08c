/** Runs a hook for the newest hash: a mailbox of one, constant backoff, never twice in a row for the same hash. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log/log.ts';

export interface HookRunnerInit {
  readonly backoffMs: number;
  /** Runs the hook once; throws when it failed. */
  readonly action: (hash: string, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onResult: (status: 'success' | 'error') => void;
  /** One try per hash: `--one-time` reports the failure instead of repeating it. */
  readonly once: boolean;
  readonly signal: AbortSignal;
}

export interface HookRunner {
  /** Asks for a run; a hash that waits is replaced, since only the newest matters. */
  send(hash: string): void;
  /** The hash a run is busy with: its worktree must not go. */
  readonly running: string | undefined;
  /** Resolves to whether the first run since the last `send` of a new hash succeeded. */
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
  let isWorking = false;
  let worker: Promise<void> = Promise.resolve();
  let onAttempted: (() => void)[] = [];
  let tellFirst: (ok: boolean) => void = () => {};
  const first = new Promise<boolean>((resolve) => {
    tellFirst = resolve;
  });

  const attempt = async (hash: string): Promise<boolean> => {
    try {
      await init.action(hash, signal);
      lastSuccess = hash;
      init.onResult('success');
      tellFirst(true);
      return true;
    } catch (error) {
      if (!signal.aborted) {
        init.onResult('error');
        log.error('hook failed', error, init.once ? { hash } : { hash, retry: `${init.backoffMs / 1000}s` });
      }
      tellFirst(false);
      return init.once;
    }
  };

  /** Sets its own flag, also when it has nothing to wait for: then it has ended before its caller has its promise. */
  const work = async () => {
    isWorking = true;
    while (waiting !== undefined && !signal.aborted) {
      const hash = waiting;
      waiting = undefined;
      if (hash === lastSuccess) {
        tellFirst(true);
        continue;
      }
      running = hash;
      const done = await attempt(hash);
      running = undefined;
      onAttempted.forEach((tell) => tell());
      onAttempted = [];
      if (!done) {
        waiting ??= hash;
        await clock.sleep(init.backoffMs, signal).catch(() => {});
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
