import {
  type AwsKeys,
  amzTimestamp,
  awsSignature,
  SIGNATURE_ALGORITHM,
  sha256,
} from '../../../core/cloud/aws-signature.ts';

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
    ['X-Amz-Algorithm', SIGNATURE_ALGORITHM],
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
  const toSign = [SIGNATURE_ALGORITHM, timestamp, scope, sha256(canonicalRequest)].join('\n');
  const signature = awsSignature(keys.secretAccessKey, scope, toSign);
  return `${host}:${port}/?${parameters.join('&')}&X-Amz-Signature=${signature}`;
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
