import { constants, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * A descriptor for the same pipe or terminal as `fd` (1 or 2) on which a write never waits for the reader. It is opened
 * again, because the flag belongs to the open file, which others have too: the shell that started us, for one.
 */
export function nonBlocking(fd: 1 | 2): number {
  try {
    const status = fstatSync(fd);
    if (status.isFIFO() || isatty(fd)) {
      return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    }
    if (!status.isSocket()) {
      return fd; // a file or /dev/null, which never make a writer wait
    }
  } catch {
    // A pipe of another user, or one without a reader, cannot be opened by path.
  }
  // Making its stream, Node sets the flag on the open file.
  void (fd === 1 ? process.stdout : process.stderr);
  return fd;
}
