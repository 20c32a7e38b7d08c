import { once } from 'node:events';
import type { Server, Socket } from 'node:net';

export interface Listening {
  readonly port: number;
  /** Stops listening and ends every connection: to clients the server is dead. */
  down(): Promise<void>;
  /** Listens on the same port again. */
  up(): Promise<void>;
}

/** Where to listen: a free port of 127.0.0.1 unless said otherwise. */
export interface Place {
  readonly host?: string;
  readonly port?: number;
}

/** Binds a server to a free port of 127.0.0.1 and keeps track of its connections, so that it can end at once. */
export function listenOnLoopback(server: Server): Promise<Listening> {
  return listenAt(server, {});
}

/** The same in another place. */
export async function listenAt(
  server: Server,
  { host = '127.0.0.1', port: wanted = 0 }: Place,
): Promise<Listening> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  const listen = async (port: number) => {
    server.listen({ host, port });
    await once(server, 'listening');
  };
  await listen(wanted);
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server has no port');
  }
  const { port } = address;
  return {
    port,
    async down() {
      const closed = server.listening ? once(server, 'close') : undefined;
      if (closed) {
        server.close();
      }
      for (const socket of open) {
        socket.destroy();
      }
      await closed;
    },
    async up() {
      if (!server.listening) {
        await listen(port);
      }
    },
  };
}
