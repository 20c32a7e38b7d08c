/**
 * The certificate authorities of the system, found as Go finds them. Node's own getCACertificates('system') takes 125 ms
 * and 7 MiB on Debian where this takes 15 ms and 2 MiB, since it reads the directory of links as well as the bundle they
 * are made of. Read synchronously and without node:path, which is a few milliseconds once: 300 promises, or as many calls
 * of `join`, make V8 optimise them, and that alone leaves 5 MB behind.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
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
const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

interface Source {
  readonly path: string;
  readonly certificates: readonly string[];
}

/** The PEM certificates in a text. */
export function certificatesIn(text: string): string[] {
  const found: string[] = [];
  let end = 0;
  for (;;) {
    const start = text.indexOf(BEGIN, end);
    end = start === -1 ? -1 : text.indexOf(END, start);
    if (end === -1) {
      return found;
    }
    // What is between is base64, which has no dashes; a certificate without an end is left out.
    const whole = text.lastIndexOf(BEGIN, end);
    if (!text.slice(whole + BEGIN.length, end).includes('-')) {
      found.push(text.slice(whole, end + END.length));
    }
  }
}

function read(path: string): Source | undefined {
  try {
    return { path, certificates: certificatesIn(readFileSync(path, 'utf8')) };
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

/** The PEM certificates of one file; none when it cannot be read. */
export function readCertificates(path: string): readonly string[] {
  return read(path)?.certificates ?? [];
}

/**
 * PEM certificates without repetition: of SSL_CERT_FILE or else the system's bundle, of the directories in SSL_CERT_DIR
 * (colon-separated) or else the system's, and of NODE_EXTRA_CA_CERTS. What cannot be read is left out. Undefined for an
 * image without any, unless the user asked for particular ones.
 */
export function readAuthorities(env: Environment): readonly string[] | undefined {
  const bundle = firstOf(env.SSL_CERT_FILE ? [env.SSL_CERT_FILE] : BUNDLES);
  const directories = env.SSL_CERT_DIR ? env.SSL_CERT_DIR.split(':') : DIRECTORIES;
  const extra = env.NODE_EXTRA_CA_CERTS ? read(env.NODE_EXTRA_CA_CERTS) : undefined;
  const found = new Set([
    ...(bundle?.certificates ?? []),
    ...directories.flatMap((directory) => below(directory, bundle?.path)),
    ...(extra?.certificates ?? []),
  ]);
  const isChosen = Boolean(env.SSL_CERT_FILE || env.SSL_CERT_DIR);
  return found.size > 0 || isChosen ? [...found] : undefined;
}
