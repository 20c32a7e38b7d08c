import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { timeoutSignal } from '../timer.ts';
import { chooseVictim } from './crowding.ts';

/** How long closing waits for requests in progress when the caller gives no deadline. */
const DEFAULT_CLOSE_MS = 5_000;
/** No client of ours sends requests without waiting for answers; each would be held in memory. */
const MAX_PIPELINED = 16;

interface Connection {
  readonly address: string;
  /** With TLS first the plain one, which is all there is during the handshake. */
  socket: Socket;
  readonly answers: Set<ServerResponse>;
}

export interface Connections {
  count(): number;
  /** False when the request must not be answered: its connection is one too many or sends too many at once. */
  admits(request: IncomingMessage, response: ServerResponse): boolean;
  /**
   * Stops listening; connections without a request end at once, the others after their answer, at the latest at the
   * deadline. Every call's deadline counts; all wait for the same end.
   */
  close(deadline?: AbortSignal): Promise<void>;
}

/**
 * Keeps count of a server's connections. At the limit a new one takes the place of one that keeps us waiting; only when
 * there is none, it is refused.
 *
 * Node's own closeIdleConnections leaves connections alone that have not sent anything yet, which would hold up every
 * shutdown until the deadline.
 */
export function trackConnections(server: Server, maxConnections: number): Connections {
  // In the order in which they began to wait for their client.
  const open = new Map<string, Connection>();
  let closed: Promise<unknown> | undefined;
  server.on('connection', (socket: Socket) => accept(socket));
  server.on('secureConnection', (socket: Socket) => {
    const connection = open.get(keyOf(socket));
    if (connection) {
      connection.socket = socket;
    }
  });

  function accept(socket: Socket): void {
    if (open.size >= maxConnections && !makeRoom()) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    const connection = { address: socket.remoteAddress ?? '', socket, answers: new Set<ServerResponse>() };
    open.set(key, connection);
    socket.once('close', () => {
      if (open.get(key) === connection) {
        open.delete(key);
      }
    });
  }

  function makeRoom(): boolean {
    const key = chooseVictim(
      [...open].map(([connection, { address, answers }]) => ({
        connection,
        address,
        isBusy: [...answers].some(({ req, writableEnded }) => req.complete && !writableEnded),
      })),
    );
    if (key !== undefined) {
      open.get(key)?.socket.destroy();
      open.delete(key);
    }
    return key !== undefined;
  }

  function admits(request: IncomingMessage, response: ServerResponse): boolean {
    const key = keyOf(request.socket);
    const connection = open.get(key);
    if (connection === undefined || request.socket.destroyed) {
      return false;
    }
    const { answers } = connection;
    if (answers.size >= MAX_PIPELINED) {
      request.socket.destroy();
      return false;
    }
    answers.add(response);
    response.once('close', () => {
      answers.delete(response);
      if (open.get(key) !== connection || answers.size > 0) {
        return;
      }
      open.delete(key);
      open.set(key, connection);
      if (closed !== undefined) {
        connection.socket.destroySoon();
      }
    });
    return true;
  }

  return {
    count: () => open.size,
    admits,
    async close(deadline = timeoutSignal(DEFAULT_CLOSE_MS)) {
      closed ??= stop(server, open);
      await endBy(server, closed, deadline);
    },
  };
}

/** The same for a connection and for the TLS on top of it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

async function stop(server: Server, open: ReadonlyMap<string, Connection>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const { socket, answers } of open.values()) {
    if (answers.size === 0) {
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
