import { errorMessage } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import type { EngineContext } from '../model.ts';

/** A log for the library of git, of which warnings alone are told. */
export function quietLog(warn: EngineContext['warn']): Log {
  const log: Log = {
    error: (message, error) => warn(error === undefined ? message : `${message}: ${errorMessage(error)}`),
    warn: (message) => warn(message),
    info: () => {},
    at: () => {},
    enabled: () => false,
    child: () => log,
    drained: async () => {},
    flush: () => {},
  };
  return log;
}
