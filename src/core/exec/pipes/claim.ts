import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { systemErrorCode } from '../../errors.ts';

/** Both ends of a pipe that nobody else has open. Blocking, as programs expect; closed when a program is executed. */
export interface PipeEnds {
  readonly readEnd: number;
  readonly writeEnd: number;
}

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
/** What pipe(2) gives, so that only this user (and root) can open it by path; a program may have changed it. */
const PRIVATE_MODE = 0o600;
const ONE_BYTE = Buffer.alloc(1);

/**
 * Opens a pipe that is held by an O_PATH descriptor, once it is certain that no process has kept an end of it from an
 * earlier run: such a process would read what is not meant for it, or write into another program's output.
 * Undefined when it is in use; the pipe is of no use then.
 * @throws the system's error (EMFILE, for example)
 */
export function claimPipe(held: number): PipeEnds | undefined {
  const path = `/proc/self/fd/${held}`;
  if ((fstatSync(held).mode & 0o777) !== PRIVATE_MODE || hasWriter(path)) {
    return undefined;
  }
  const writeEnd = openSync(path, O_WRONLY);
  try {
    if (!hasReader(writeEnd)) {
      return { readEnd: openSync(path, O_RDONLY), writeEnd };
    }
  } catch (error) {
    closeSync(writeEnd);
    throw error;
  }
  closeSync(writeEnd);
  return undefined;
}

/** An empty pipe without a writer is at its end, one with a writer would let a reader wait (EAGAIN). */
function hasWriter(path: string): boolean {
  const readEnd = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    return readSync(readEnd, ONE_BYTE) !== 0;
  } catch (error) {
    if (systemErrorCode(error) === 'EAGAIN') {
      return true;
    }
    throw error;
  } finally {
    closeSync(readEnd);
  }
}

/** Only a pipe without a reader refuses a byte. A reader that gets it had nothing more to expect. */
function hasReader(writeEnd: number): boolean {
  const { stackTraceLimit } = Error;
  // The refusal is what is expected, at each start of a program: its stack would cost more than all other calls here.
  Error.stackTraceLimit = 0;
  try {
    writeSync(writeEnd, ONE_BYTE);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EPIPE') {
      return false;
    }
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
