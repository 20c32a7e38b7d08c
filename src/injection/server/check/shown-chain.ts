/** What a server shows in a handshake, whoever trusts it. */
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { errorMessage } from '../../../core/errors.ts';
import { startTimer } from '../../../core/timer.ts';
import { type Attempted, found } from './finding.ts';

const TIMEOUT_MS = 10_000;
/** No chain is longer. */
const LONGEST = 8;

/**
 * PEM of the chain, the server's own certificate first. It is looked at and not trusted, and nothing is sent over the
 * connection.
 * @param address `host:port`
 */
export function shownChain(
  address: string,
  servername: string,
  signal: AbortSignal,
): Promise<Attempted<string>> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(address.slice(colon + 1)),
      servername,
      // What is wrong with it is to be told, and not only that something is.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
    });
    const end = (result: Attempted<string>): void => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(result);
    };
    const onAbort = () => end({ problem: 'it took too long' });
    const timer = startTimer(TIMEOUT_MS, () => end({ problem: 'no answer within 10 s' }));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('secureConnect', () => end(found(chainOf(socket))));
    socket.once('error', (error) => end({ problem: errorMessage(error) }));
  });
}

function chainOf(socket: TLSSocket): string {
  const blocks: string[] = [];
  let current: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (current?.raw !== undefined && blocks.length < LONGEST) {
    const base64 = current.raw.toString('base64').replace(/.{64}/g, '$&\n');
    blocks.push(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`);
    // A root is its own issuer.
    current = current.issuerCertificate === current ? undefined : current.issuerCertificate;
  }
  return blocks.join('');
}
