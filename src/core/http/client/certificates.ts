/**
 * The certificate authorities of the system, found as Go finds them: Node alone knows only its built-in list. Read
 * synchronously and without node:path, which is a few milliseconds once: 300 promises, or as many calls of `join`, make
 * V8 optimise them, and that alone leaves 5 MB behind.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { SecureContext } from 'node:tls';
import type { Environment } from './types.ts';

/** The first that can be read counts: Debian, Fedora, openSUSE, Alpine. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
/** Read as well: a private CA is often just mounted into this directory. */
const DIRECTORIES = ['/etc/ssl/certs'];
/** Where Debian keeps the single files that its bundle is made of. */
const BUNDLED = '/usr/share/ca-certificates/';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

interface Source {
  readonly path: string;
  readonly certificates: readonly string[];
}

function read(path: string): Source | undefined {
  try {
    return { path, certificates: readFileSync(path, 'utf8').match(CERTIFICATE) ?? [] };
  } catch {
    return undefined;
  }
}

function firstOf(files: readonly string[]): Source | undefined {
  for (const file of files) {
    const source = read(file);
    if (source) {
      return source;
    }
  }
  return undefined;
}

/** Links to a neighbour (OpenSSL's names by hash) and to what Debian's bundle holds lead to what is read anyway. */
function isRepeated(path: string, bundle: string | undefined): boolean {
  if (path === bundle) {
    return true;
  }
  try {
    const target = readlinkSync(path);
    return !target.includes('/') || (bundle === BUNDLES[0] && target.startsWith(BUNDLED));
  } catch {
    return false;
  }
}

function below(directory: string, bundle: string | undefined): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .map((name) => `${directory}/${name}`)
    .filter((path) => !isRepeated(path, bundle))
    .flatMap((path) => read(path)?.certificates ?? []);
}

/**
 * PEM certificates without repetition: of SSL_CERT_FILE or else the system's bundle, of the directories in SSL_CERT_DIR
 * (colon-separated) or else the system's, and of NODE_EXTRA_CA_CERTS. What cannot be read is left out.
 */
export function readAuthorities(env: Environment): string[] {
  const bundle = firstOf(env.SSL_CERT_FILE ? [env.SSL_CERT_FILE] : BUNDLES);
  const directories = env.SSL_CERT_DIR ? env.SSL_CERT_DIR.split(':') : DIRECTORIES;
  const extra = env.NODE_EXTRA_CA_CERTS ? read(env.NODE_EXTRA_CA_CERTS) : undefined;
  return [
    ...new Set([
      ...(bundle?.certificates ?? []),
      ...directories.flatMap((directory) => below(directory, bundle?.path)),
      ...(extra?.certificates ?? []),
    ]),
  ];
}

async function createContext(env: Environment): Promise<SecureContext> {
  const { createSecureContext } = await import('node:tls');
  const ca = readAuthorities(env);
  // An image without any falls back on Node's list, unless the user asked for particular ones.
  const chosen = Boolean(env.SSL_CERT_FILE || env.SSL_CERT_DIR);
  return createSecureContext(ca.length > 0 || chosen ? { ca } : {});
}

let cached: { readonly key: string; readonly context: Promise<SecureContext> } | undefined;

/** Made once per process, as in Go: parsing 150 certificates takes ten times as long as the rest of a request. */
export function secureContext(env: Environment): Promise<SecureContext> {
  const key = JSON.stringify([env.SSL_CERT_FILE, env.SSL_CERT_DIR, env.NODE_EXTRA_CA_CERTS]);
  if (cached?.key !== key) {
    cached = { key, context: createContext(env) };
  }
  return cached.context;
}
