/**
 * The one way in which clients use TLS. Certificates are checked as these settings say and never otherwise: variables
 * and options of Node that other programs of a pod may share (NODE_TLS_REJECT_UNAUTHORIZED, --use-openssl-ca and their
 * like) change nothing. NODE_EXTRA_CA_CERTS adds authorities, except where `caFile` names the only ones.
 */
import { statSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { errorMessage } from '../../errors.ts';
import { readTextIfExists } from '../../files/read.ts';
import { readAuthorities, readCertificates } from './certificates.ts';
import { httpFailure } from './failure.ts';
import type { ClientCertificate, ClientSettings } from './types.ts';

const MAX_PEM_BYTES = 1024 * 1024;

type Trust = Pick<ClientSettings, 'env' | 'caFile' | 'clientCertificate'>;

interface Identity {
  readonly cert: string;
  readonly key: string;
}

interface CachedContext {
  readonly identity: Identity | undefined;
  readonly context: Promise<SecureContext>;
}

/** Parsing 150 certificates takes ten times as long as the rest of a request. */
const cache = new Map<string, CachedContext>();

/** Made once for the same authorities, as in Go, and again when the named file or the client certificate has changed. */
async function secureContext({ env, caFile, clientCertificate }: Trust): Promise<SecureContext> {
  const identity = clientCertificate && (await readIdentity(clientCertificate));
  const named = caFile ?? env.SSL_CERT_FILE;
  const key = JSON.stringify([
    caFile,
    env.SSL_CERT_FILE,
    env.SSL_CERT_DIR,
    env.NODE_EXTRA_CA_CERTS,
    named && versionOf(named),
    clientCertificate?.certFile,
  ]);
  const cached = cache.get(key);
  if (cached !== undefined && isSame(cached.identity, identity)) {
    return cached.context;
  }
  const context = createContext(
    caFile === undefined ? readAuthorities(env) : readCertificates(caFile),
    identity,
  );
  cache.set(key, { identity, context });
  context.catch(() => cache.delete(key));
  return context;
}

async function createContext(
  authorities: readonly string[] | undefined,
  identity: Identity | undefined,
): Promise<SecureContext> {
  const { createSecureContext, rootCertificates } = await import('node:tls');
  // Named in every case: Node's own default could be changed from outside.
  const ca = [...(authorities ?? rootCertificates)];
  try {
    return createSecureContext({ ca, minVersion: 'TLSv1.2', ...identity });
  } catch (error) {
    const why = `cannot use the certificates: ${errorMessage(error)}`;
    throw httpFailure({ reason: 'settings', why, cause: error });
  }
}

async function readIdentity({ certFile, keyFile }: ClientCertificate): Promise<Identity> {
  const read = async (path: string) => {
    const text = await readTextIfExists(path, MAX_PEM_BYTES).catch((error: unknown) => {
      throw httpFailure({ reason: 'settings', why: errorMessage(error), cause: error });
    });
    if (text === undefined) {
      throw httpFailure({ reason: 'settings', why: `there is no client certificate or key ${path}` });
    }
    return text;
  };
  return { cert: await read(certFile), key: await read(keyFile) };
}

function isSame(one: Identity | undefined, other: Identity | undefined): boolean {
  return one?.cert === other?.cert && one?.key === other?.key;
}

function versionOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeMs}`;
}

/** Remembers the session of a server, so that a later connection to it takes a shorter handshake. */
export interface SessionMemory {
  get(): Buffer | undefined;
  set(session: Buffer): void;
}

/** Starts TLS on an open connection; the events of the socket say whether it succeeds. */
export async function startTls(
  plain: Socket,
  host: string,
  trust: Trust,
  memory: SessionMemory | undefined,
): Promise<TLSSocket> {
  const { connect } = await import('node:tls');
  const context = await secureContext(trust);
  const session = memory?.get();
  const socket = unwarned(() =>
    connect({
      socket: plain,
      host,
      // An address is no server name (RFC 6066); the certificate is then checked against `host`.
      servername: isIP(host) === 0 ? host : '',
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
      ...(session && { session }),
    }),
  );
  if (memory) {
    socket.on('session', (fresh: Buffer) => memory.set(fresh));
  }
  return socket;
}

/** When Node sees the variable it prints a warning that certificates are not checked, which is not true here. */
function unwarned<T>(work: () => T): T {
  const value = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  if (value === undefined) {
    return work();
  }
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  try {
    return work();
  } finally {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = value;
  }
}
