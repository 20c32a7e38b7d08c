/** Passwords for AWS CodeCommit over HTTPS: a signature over the path of the repository. Pure. */
import {
  type AwsKeys,
  amzTimestamp,
  awsSignature,
  SIGNATURE_ALGORITHM,
  sha256,
} from '../../../core/cloud/aws-signature.ts';

/** `git-codecommit.REGION.amazonaws.com`, with `-fips`, China's domain, and VPC endpoints before it. */
const HOST = /(?:^|\.)git-codecommit(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$/;

/** The region that an address of CodeCommit names; undefined when it is none. */
export function codecommitRegion(url: string): string | undefined {
  return URL.canParse(url) ? HOST.exec(new URL(url).hostname)?.[1] : undefined;
}

export interface CodecommitLogin {
  readonly url: string;
  readonly region: string;
  readonly keys: AwsKeys;
}

/** The user: the access key, and the token of the session where there is one. */
export function codecommitUser({ accessKeyId, sessionToken }: AwsKeys): string {
  return sessionToken === undefined ? accessKeyId : `${accessKeyId}%${sessionToken}`;
}

/**
 * The password for one repository, as git-remote-codecommit makes it: Signature Version 4 over the method GIT, the path and
 * the host, good for 15 minutes.
 * @param path with a slash at its start, as git sends it
 * @param at milliseconds since the epoch
 */
export function codecommitPassword({ url, region, keys }: CodecommitLogin, path: string, at: number): string {
  const timestamp = amzTimestamp(at).slice(0, -1);
  const scope = `${timestamp.slice(0, 8)}/${region}/codecommit/aws4_request`;
  const request = `GIT\n${path}\n\nhost:${new URL(url).hostname}\n\nhost\n`;
  const toSign = [SIGNATURE_ALGORITHM, timestamp, scope, sha256(request)].join('\n');
  return `${timestamp}Z${awsSignature(keys.secretAccessKey, scope, toSign)}`;
}
