import { systemErrorCode } from '../../core/errors.ts';
import type { SignalReload } from '../config/spec.ts';
import { RELOAD_ERRORS } from './errors.ts';
import { findProcesses, readPidFile } from './processes.ts';

const ADVICE =
  'set shareProcessNamespace: true on the pod, and check pid-file and process; or reload by the console, which needs neither';

/**
 * Sends the signal to the program.
 * @throws PillionError `reload_absent` when it does not run where this can see it; `reload_failed` when it may not be sent
 */
export async function sendSignal({ pidFile, process: name, signal }: SignalReload): Promise<void> {
  const target = `the program ${name}`;
  const inner = pidFile === undefined ? undefined : await readPidFile(pidFile);
  if (pidFile !== undefined && inner === undefined) {
    throw RELOAD_ERRORS.reload_absent({ target, why: `${pidFile} holds no PID`, advice: ADVICE });
  }
  const pids = await findProcesses(name, inner);
  if (pids.length === 0) {
    const why =
      inner === undefined ? 'no process has that name' : `no process of that name has the PID ${inner}`;
    throw RELOAD_ERRORS.reload_absent({ target, why, advice: ADVICE });
  }
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      const code = systemErrorCode(error) ?? '';
      if (code !== 'ESRCH') {
        const why = `${signal} to its process was refused (${code})`;
        const advice =
          'run this as the same user as that program (runAsUser), or with the capability KILL; or reload by the console';
        throw RELOAD_ERRORS.reload_failed({ target, why, advice }, { cause: error });
      }
    }
  }
}
