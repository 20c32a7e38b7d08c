/**
 * A Unix socket as proof of life. Process ids and host names repeat in containers; the kernel knows whether somebody
 * still listens on a socket, also in another container that mounts the same volume.
 */
import { connect, createServer } from 'node:net';
import { systemErrorCode } from '../errors.ts';
import { startTimer } from '../timer.ts';

export interface AliveSocket {
  /** Returns at once: nobody who is connected is waited for. */
  close(): void;
}

/**
 * Listens at a path of at most 107 bytes, and drops every client at once: to be connected is all that it may learn, and
 * one that stays must not keep anything waiting.
 * @throws the system's error
 */
export async function listenAlive(path: string): Promise<AliveSocket> {
  const server = createServer({ pauseOnConnect: true }, (client) => client.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.on('error', () => {}); // too many open files: a client that is refused has learned enough
  return { close: () => void server.close() };
}

/** `denied`: a socket of another user, of whom nothing can be said. */
export type Liveness = 'alive' | 'dead' | 'missing' | 'denied';

/** A listener answers at once, as the kernel does it; a full queue is one as well. */
const ANSWER_MS = 2_000;

const MEANING: Readonly<Record<string, Liveness>> = {
  ECONNREFUSED: 'dead',
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  ELOOP: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
};

/** Asks whether somebody listens on the socket at a path. Anything else in its place has nobody who listens. */
export function probeAlive(path: string): Promise<Liveness> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (liveness: Liveness) => {
      timer.cancel();
      socket.destroy();
      resolve(liveness);
    };
    const timer = startTimer(ANSWER_MS, () => settle('alive'));
    socket.once('connect', () => settle('alive'));
    socket.on('error', (error) => settle(MEANING[systemErrorCode(error) ?? ''] ?? 'alive'));
  });
}
