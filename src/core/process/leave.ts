import { constants } from 'node:os';
import type { ExitStatus } from '../command.ts';

/** Requests that Node's thread pool works on; it is waited for at exit, however long that takes. */
const POOL_REQUEST = /^(FSReq|GetAddrInfoReq|GetNameInfoReq)|Request$/i;

/** Ends the process with an exit code, or of a signal as if it had no handler, so that a parent sees the same. */
export function leave(status: ExitStatus): void {
  if (typeof status === 'number') {
    exit(status);
    return;
  }
  process.removeAllListeners(status.signal);
  process.kill(process.pid, status.signal);
  // PID 1 is immune to a signal it does not handle.
  exit(128 + constants.signals[status.signal]);
}

/**
 * process.exit() joins the threads of the pool: one that hangs (the open of a FIFO, a dead NFS server, a resolver that
 * does not answer) would keep the process for ever. Becoming another program ends them all, with the same exit code.
 */
function exit(code: number): void {
  if (process.getActiveResourcesInfo().some((name) => POOL_REQUEST.test(name))) {
    try {
      process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${code})`], {});
    } catch {
      // Not available here: then only the usual way is left.
    }
  }
  process.exit(code);
}
