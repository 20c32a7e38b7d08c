/** HTTP over TLS. A module of its own, so that plain HTTP does not load what TLS takes. */
import type { ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { errorMessage } from '../errors.ts';
import { SERVER_ERRORS } from './errors.ts';

/** PEM texts: the certificate with its chain, and its key. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

const MIN_VERSION = 'TLSv1.2';

/** @throws PillionError `certificate_invalid` */
export function createTlsServer(
  options: ServerOptions & { readonly handshakeTimeout: number },
  certificate: ServerCertificate,
): Server {
  check(certificate);
  return createServer({ ...options, ...certificate, minVersion: MIN_VERSION, ALPNProtocols: ['http/1.1'] });
}

/**
 * New connections are shown the new certificate; those that are there go on.
 * @throws PillionError `certificate_invalid`; the old one stays then
 */
export function setCertificate(server: Server, certificate: ServerCertificate): void {
  check(certificate);
  server.setSecureContext({ ...certificate, minVersion: MIN_VERSION });
}

function check({ cert, key }: ServerCertificate): void {
  try {
    if (cert === '' || key === '') {
      throw new Error('certificate or key is empty');
    }
    createSecureContext({ cert, key });
  } catch (error) {
    throw SERVER_ERRORS.certificate_invalid({ why: errorMessage(error) }, { cause: error });
  }
}
