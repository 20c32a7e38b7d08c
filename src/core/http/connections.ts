import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { timeoutSignal } from '../timer.ts';

/** How long closing waits for requests in progress when the caller gives no deadline. */
const DEFAULT_CLOSE_MS = 5_000;

/**
 * Counts the requests in progress on each connection of a server and returns the function that closes it: connections
 * without a request end at once, the others after their answer, at the latest at the deadline. Every call's deadline
 * counts; all wait for the same end.
 *
 * Node's own closeIdleConnections leaves connections alone that have not sent anything yet, which would hold up every
 * shutdown until the deadline.
 */
export function trackConnections(server: Server): (deadline?: AbortSignal) => Promise<void> {
  const inProgress = new Map<Socket, number>();
  let closed: Promise<unknown> | undefined;
  server.on('connection', (socket: Socket) => {
    inProgress.set(socket, 0);
    socket.once('close', () => inProgress.delete(socket));
  });
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const change = (by: 1 | -1): void => {
      const requests = inProgress.get(socket);
      if (requests !== undefined) {
        inProgress.set(socket, requests + by);
      }
    };
    change(1);
    response.once('close', () => {
      change(-1);
      if (closed !== undefined && inProgress.get(socket) === 0) {
        socket.destroySoon();
      }
    });
  });
  return async (deadline = timeoutSignal(DEFAULT_CLOSE_MS)) => {
    closed ??= stop(server, inProgress);
    await endBy(server, closed, deadline);
  };
}

async function stop(server: Server, inProgress: ReadonlyMap<Socket, number>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const [socket, requests] of inProgress) {
    if (requests === 0) {
      socket.destroy();
    }
  }
  await closed;
}

async function endBy(server: Server, closed: Promise<unknown>, deadline: AbortSignal): Promise<void> {
  const cut = (): void => server.closeAllConnections();
  if (deadline.aborted) {
    cut();
  }
  deadline.addEventListener('abort', cut, { once: true });
  try {
    await closed;
  } finally {
    deadline.removeEventListener('abort', cut);
  }
}
