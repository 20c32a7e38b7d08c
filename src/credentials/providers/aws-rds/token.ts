import { createHash, createHmac } from 'node:crypto';

/** Keys of an AWS session, as the provider chain gives them. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present for temporary keys. */
  readonly sessionToken?: string | undefined;
}

export interface RdsTokenRequest {
  /** The instance's own endpoint: RDS compares it, an alias is refused at login. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The instance's region. */
  readonly region: string;
  readonly keys: AwsKeys;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Seconds. RDS takes no other value. */
const EXPIRES = '900';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 'rds-db';
const HTTPS_PORT = 443;

/**
 * The password for an RDS login with IAM: a `GET /?Action=connect` presigned with Signature Version 4 (query form, the
 * header `host` alone), without its scheme. Nothing is sent, so whatever is wrong with the keys, the region or the host
 * shows only at login. Byte for byte what `aws rds generate-db-auth-token` prints: `testing/vectors.json`.
 */
export function rdsToken({ host, port, user, region, keys, at }: RdsTokenRequest): string {
  const timestamp = amzTimestamp(at);
  const scope = `${timestamp.slice(0, 8)}/${region}/${SERVICE}/aws4_request`;
  const parameters = [
    ['Action', 'connect'],
    ['DBUser', user],
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${keys.accessKeyId}/${scope}`],
    ['X-Amz-Date', timestamp],
    ['X-Amz-Expires', EXPIRES],
    ['X-Amz-SignedHeaders', 'host'],
    ...(keys.sessionToken === undefined ? [] : [['X-Amz-Security-Token', keys.sessionToken]]),
  ].map(([name = '', value = '']) => `${name}=${encode(value)}`);
  const canonicalRequest = [
    'GET',
    '/',
    parameters.toSorted().join('&'),
    `host:${hostHeader(host, port)}`,
    '',
    'host',
    sha256(''),
  ].join('\n');
  const toSign = [ALGORITHM, timestamp, scope, sha256(canonicalRequest)].join('\n');
  const signature = hmac(signingKey(keys.secretAccessKey, scope), toSign).toString('hex');
  return `${host}:${port}/?${parameters.join('&')}&X-Amz-Signature=${signature}`;
}

/** `20261128T151135Z` */
function amzTimestamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

/** As clients send it: in lower case, without the scheme's own port. */
function hostHeader(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === HTTPS_PORT ? name : `${name}:${port}`;
}

/** RFC 3986: everything but letters, digits and `-._~`. */
function encode(value: string): string {
  return encodeURIComponent(value).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signingKey(secretAccessKey: string, scope: string): Buffer {
  return scope.split('/').reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
