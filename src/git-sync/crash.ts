/** A mistake of ours ends the process in order as well: told without secrets, with nothing left behind. */
import { errorMessage, PillionError } from '../core/errors.ts';
import type { Log } from '../core/log/log.ts';

export interface CrashWatch {
  /** Resolves to the exit code once something was thrown that nobody caught; Node itself would print all it holds. */
  readonly crashed: Promise<number>;
  dispose(): void;
}

/** Takes over what Node does about errors and rejections that nobody handles. */
export function watchForCrashes(log: Log): CrashWatch {
  let end: (code: number) => void = () => {};
  const crashed = new Promise<number>((resolve) => {
    end = resolve;
  });
  const onError = (error: unknown) => {
    const internal = new PillionError({
      code: 'internal_error',
      message: errorMessage(error),
      hint: 'this is a mistake in Pillion: please report it with this line',
      cause: error,
    });
    const stack = error instanceof Error ? { stack: error.stack ?? '' } : {};
    log.error('internal error', internal, stack);
    end(1);
  };
  process.on('uncaughtException', onError);
  return {
    crashed,
    dispose() {
      process.off('uncaughtException', onError);
    },
  };
}
