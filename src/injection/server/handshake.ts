/**
 * Whether a client that trusts what the webhooks trust would accept what is served: by doing it. Not by way of the
 * Service, which leads to replicas that are ready: it would be another one, or none. But with everything that a client of
 * the Service goes by: its name, the bundle, and the pod's own address, which the Service sends it to.
 */
import type { NetworkInterfaceInfo } from 'node:os';
import { connect } from 'node:tls';
import { errorMessage } from '../../core/errors.ts';
import { startTimer } from '../../core/timer.ts';

const TIMEOUT_MS = 5_000;

export interface HandshakeTarget {
  readonly host: string;
  readonly port: number;
  /** The name that clients expect. */
  readonly name: string;
  /** PEM of what they trust. */
  readonly bundle: string;
}

/** All addresses, as a listening socket tells them, and the loopback one of the same family. */
const EVERYWHERE: Readonly<Record<string, string>> = { '::': '::1', '0.0.0.0': '127.0.0.1' };

/**
 * The address at which others reach who listens on `listening`: one of the machine's own, since loopback would be reached
 * where nobody else comes; loopback where there is nothing else.
 */
export function ownAddress(
  listening: string,
  interfaces: Readonly<NodeJS.Dict<readonly NetworkInterfaceInfo[]>>,
): string {
  const loopback = EVERYWHERE[listening];
  if (loopback === undefined) {
    return listening;
  }
  const usable = Object.values(interfaces)
    .flatMap((some) => some ?? [])
    .filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0);
  const own = usable.find(({ family }) => family === 'IPv4') ?? usable.find(() => listening === '::');
  return own?.address ?? loopback;
}

/** Why it does not work, or undefined. Never rejects. */
export function handshakeProblem({ host, port, name, bundle }: HandshakeTarget): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host,
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
