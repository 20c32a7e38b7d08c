/** Makes authorities and certificates. A bundle of its own: the library takes 22 MiB, and given certificates need none. */
// The library's decorators need what this import adds to Reflect.
// oxlint-disable-next-line no-unassigned-import
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Authority } from './authority-state.ts';

cryptoProvider.set(webcrypto as unknown as Crypto);

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** Clocks of nodes differ. */
const BACKDATED_MS = 3_600_000;

export interface LeafRequest {
  readonly authority: Authority;
  /** DNS names. */
  readonly names: readonly string[];
  readonly now: number;
  readonly lifeMs: number;
}

export interface Leaf {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

/** A new authority that signs for `lifeMs` from `now` on. */
export async function makeAuthority(now: number, lifeMs: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
  // A name of its own, so that nobody takes one authority for the other by name.
  const name = `CN=pillion-injector-${randomBytes(4).toString('hex')}`;
  const cert = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    notBefore: new Date(now - backdated(lifeMs)),
    notAfter: new Date(now + lifeMs),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    cert: `${cert.toString('pem')}\n`,
    key: await pemOf(keys.privateKey),
    notBefore: cert.notBefore.getTime(),
    notAfter: cert.notAfter.getTime(),
  };
}

/** A certificate for a server of these names, signed by the authority; never longer than the authority itself lives. */
export async function makeLeaf({ authority, names, now, lifeMs }: LeafRequest): Promise<Leaf> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
  const issuer = new X509Certificate(authority.cert);
  const der = PemConverter.decodeFirst(authority.key);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, KEYS, false, ['sign']);
  const cert = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'CN=pillion-injector',
    issuer: issuer.subject,
    notBefore: new Date(now - backdated(lifeMs)),
    notAfter: new Date(Math.min(now + lifeMs, authority.notAfter)),
    signingKey,
    publicKey: keys.publicKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
    ],
  });
  return { cert: `${cert.toString('pem')}\n`, key: await pemOf(keys.privateKey) };
}

/** For short lives in part, so that their two thirds are not over at once. */
function backdated(lifeMs: number): number {
  return Math.min(BACKDATED_MS, lifeMs / 10);
}

function serial(): string {
  // Positive and without a leading zero, as RFC 5280 wants it.
  return `4${randomBytes(15).toString('hex').slice(1)}`;
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
