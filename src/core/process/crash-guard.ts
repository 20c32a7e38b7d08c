/** A mistake of ours ends the process in order as well: logged without secrets, with nothing left behind. */
import { defineErrors, errorMessage } from '../errors.ts';
import type { Log } from '../log/log.ts';

export const CRASH_ERRORS = defineErrors({
  internal_error: {
    message: ({ message }: { message: string }) => message,
    hint: 'this is a mistake in Pillion: please report it with this line',
  },
});

export interface CrashGuard {
  /** Resolves once something was thrown, or rejected, that nothing handles. */
  readonly crashed: Promise<void>;
  dispose(): void;
}

const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Takes over what Node does about errors and rejections that nothing handles: it would print all they hold, secrets
 * included, and end the process on the spot.
 */
export function guardAgainstCrashes(log: Log): CrashGuard {
  let end: () => void = () => {};
  const crashed = new Promise<void>((resolve) => {
    end = resolve;
  });
  const onError = (error: unknown) => {
    const stack = error instanceof Error ? { stack: error.stack ?? '' } : {};
    log.error(
      'internal error',
      CRASH_ERRORS.internal_error({ message: errorMessage(error) }, { cause: error }),
      stack,
    );
    end();
  };
  for (const event of EVENTS) {
    process.on(event, onError);
  }
  return {
    crashed,
    dispose() {
      for (const event of EVENTS) {
        process.off(event, onError);
      }
    },
  };
}
