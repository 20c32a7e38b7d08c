/** The parts of Signature Version 4 that everything which AWS signs has in common. Pure. */
import { createHash, createHmac } from 'node:crypto';

/** Keys of an AWS session, as the provider chain gives them. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present for temporary keys. */
  readonly sessionToken?: string | undefined;
}

export const SIGNATURE_ALGORITHM = 'AWS4-HMAC-SHA256';

/** `20261128T151135Z` */
export function amzTimestamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

/** In hexadecimal digits, over what is to be signed, for a scope `20261128/eu-west-1/rds-db/aws4_request`. */
export function awsSignature(secretAccessKey: string, scope: string, toSign: string): string {
  const key = scope.split('/').reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  return hmac(key, toSign).toString('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
