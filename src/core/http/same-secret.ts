/** Whether a caller knows a secret, told in a time that says nothing about it. */
import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Whether `given` is one of the secrets. All are compared, as hashes, so that neither length nor order shows. */
export function isOneOf(given: string, secrets: readonly string[]): boolean {
  const hash = digest(given);
  return secrets.map((secret) => timingSafeEqual(hash, digest(secret))).includes(true);
}

/** The token of an Authorization header (RFC 6750, section 2.1); undefined for any other. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^bearer /i.test(header ?? '') ? header?.slice('bearer '.length).trim() : undefined;
}

/** The password of an Authorization header with a user and a password (RFC 7617); undefined for any other. */
export function basicPassword(header: string | undefined): string | undefined {
  if (!/^basic /i.test(header ?? '')) {
    return undefined;
  }
  const text = Buffer.from(header?.slice('basic '.length) ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : text.slice(colon + 1);
}
