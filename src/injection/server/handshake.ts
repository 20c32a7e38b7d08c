/** Whether a client that trusts what the webhooks trust would accept what is served: by doing it. */
import { connect } from 'node:tls';
import { errorMessage } from '../../core/errors.ts';
import { startTimer } from '../../core/timer.ts';

const TIMEOUT_MS = 5_000;

export interface HandshakeTarget {
  readonly port: number;
  /** The name that clients expect. */
  readonly name: string;
  /** PEM of what they trust. */
  readonly bundle: string;
}

/** Why it does not work, or undefined. Never rejects. */
export function handshakeProblem({ port, name, bundle }: HandshakeTarget): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host: 'localhost',
      servername: name,
      ca: bundle,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
    });
    const end = (problem: string | undefined): void => {
      timer.cancel();
      socket.destroy();
      resolve(problem);
    };
    const timer = startTimer(TIMEOUT_MS, () => end('no answer to a handshake of our own'));
    socket.once('secureConnect', () => end(undefined));
    socket.once('error', (error) => end(`a handshake of our own fails: ${errorMessage(error)}`));
  });
}
