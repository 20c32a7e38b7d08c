/** HTTP over TLS. A module of its own, so that plain HTTP does not load what TLS takes. */
import type { Server as PlainServer, ServerOptions } from 'node:http';
import { createServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { errorMessage } from '../errors.ts';
import { SERVER_ERRORS } from './errors.ts';

/** PEM texts: the certificate with its chain, and its key. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

const MIN_VERSION = 'TLSv1.2';

/** A server that does not listen yet, and how to show new connections another certificate. */
export type MakeServer = (options: ServerOptions & { readonly handshakeTimeout: number }) => {
  readonly server: PlainServer;
  /** Connections that are there go on with theirs. Rejects with `certificate_invalid`; the old one stays then. */
  readonly setCertificate: (certificate: ServerCertificate) => Promise<void>;
};

/** HTTPS with a certificate; what it makes throws `certificate_invalid`. */
export function tlsServer(certificate: ServerCertificate): MakeServer {
  return (options) => {
    check(certificate);
    const server = createServer({
      ...options,
      ...certificate,
      minVersion: MIN_VERSION,
      ALPNProtocols: ['http/1.1'],
    });
    return {
      server,
      async setCertificate(next) {
        check(next);
        server.setSecureContext({ ...next, minVersion: MIN_VERSION });
      },
    };
  };
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
