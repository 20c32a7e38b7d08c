/** Signs requests to an S3 server (AWS Signature Version 4, in headers), for what tests ask of it besides restic. */
import { createHash, createHmac } from 'node:crypto';

export interface S3Key {
  readonly access: string;
  readonly secret: string;
}

const REGION = 'us-east-1';
const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** Headers that make a request one of this key's. The query must have its parameters in order, each with a `=`. */
export function signedHeaders(
  key: S3Key,
  method: string,
  url: URL,
  body: string | Uint8Array,
): Record<string, string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`;
  const headers = { host: url.host, 'x-amz-content-sha256': sha256(body), 'x-amz-date': time };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [
    method,
    url.pathname,
    url.search.slice(1),
    lines.join(''),
    names,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const signingKey = scope
    .split('/')
    .reduce<string | Buffer>((k, part) => hmac(k, part), `AWS4${key.secret}`);
  const signature = hmac(signingKey, toSign).toString('hex');
  const credential = `Credential=${key.access}/${scope}`;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
