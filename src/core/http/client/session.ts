import type { Socket } from 'node:net';
import { startTimer } from '../../timer.ts';
import { httpFailure } from './failure.ts';

export interface SessionInit {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The URL being asked when it ends, for the message. */
  readonly url: () => URL | undefined;
}

/**
 * Runs work that opens sockets, for at most `timeoutMs` milliseconds and until the signal is aborted. When it returns,
 * however it ends, all sockets are destroyed and no timer and no listener is left.
 */
export async function inSession<T>(
  { timeoutMs, signal, url }: SessionInit,
  work: (keep: (socket: Socket) => void) => Promise<T>,
): Promise<T> {
  const aborted = () =>
    httpFailure({ reason: 'aborted', url: url(), why: 'was given up', cause: signal.reason });
  if (signal.aborted) {
    throw aborted();
  }
  const sockets = new Set<Socket>();
  let over = false;
  const keep = (socket: Socket): void => {
    // An error that nobody waits for any more must not end the process.
    socket.on('error', () => {});
    sockets.add(socket);
    if (over) {
      socket.destroy();
    }
  };
  let end = (): void => {};
  const cut = new Promise<never>((_resolve, reject) => {
    const timeout = () =>
      reject(
        httpFailure({ reason: 'timeout', url: url(), why: `no complete answer within ${timeoutMs} ms` }),
      );
    const timer = startTimer(timeoutMs, timeout);
    const abort = () => reject(aborted());
    signal.addEventListener('abort', abort, { once: true });
    end = () => {
      timer.cancel();
      signal.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([work(keep), cut]);
  } finally {
    over = true;
    end();
    sockets.forEach((socket) => socket.destroy());
  }
}
