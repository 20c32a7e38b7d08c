/** What failures around RDS tokens mean, and settings that can only fail. Pure. */

/** Each with what its message contains, as AWS and its SDK word it. */
const SESSION_ADVICE: readonly (readonly [contains: string, advice: string])[] = [
  ['AccessDenied', 'the role does not trust this service account: check its trust policy (sub, aud)'],
  [
    'InvalidIdentityToken',
    'the role does not trust this cluster: check the OIDC provider in IAM and the token’s audience',
  ],
  [
    'ExpiredToken',
    'the web identity token has ended: the kubelet renews projected tokens, so look at how the file is mounted',
  ],
  ['ENOTFOUND', 'the name of an AWS endpoint cannot be resolved: check DNS, AWS_REGION, and VPC endpoints'],
  [
    'AWS_CONTAINER_CREDENTIALS',
    'check that address, and whether the EKS Pod Identity agent (or the ECS agent) runs on this node',
  ],
  ['is not JSON', 'something else answers there: check the address, and proxies in between'],
  ['EAI_AGAIN', 'the name of an AWS endpoint cannot be resolved: check DNS'],
  [
    'ECONNREFUSED',
    'nothing listens there: check the endpoint, and whether the EKS Pod Identity agent runs on this node',
  ],
  [
    'imeout',
    'AWS is not reachable: check network policies, and the hop limit of the instance metadata service (2 for pods)',
  ],
  ['Throttling', 'AWS asks for fewer requests: the pods of this role ask too often together'],
  ['RequestLimitExceeded', 'AWS asks for fewer requests: the pods of this role ask too often together'],
  ['SignatureDoesNotMatch', 'the secret key is wrong, or this machine’s clock'],
  ['InvalidClientTokenId', 'the access key does not exist any more'],
  ['could not be found in shared credentials file', 'check profile (AWS_PROFILE) and the mounted files'],
];

/** What to do about a session that could not be had; undefined when there is simply none anywhere. */
export function sessionAdvice(text: string): string | undefined {
  const known = SESSION_ADVICE.find(([contains]) => text.includes(contains));
  if (known) {
    return known[1];
  }
  const isNowhere = text.includes('Could not load credentials from any providers');
  return isNowhere ? undefined : 'see the message; the last good token stays until it ends';
}

/** `NAME.ID.REGION.rds.amazonaws.com`, with `cluster-ID`, `proxy-ID` and China's domain. */
const ENDPOINT = /^[a-z0-9-]+\.[a-z0-9-]+\.([a-z0-9-]+)\.rds\.amazonaws\.com(\.cn)?$/;

/** The region that an endpoint of RDS names; undefined when it is none (an alias, an address). */
export function regionOfEndpoint(host: string): string | undefined {
  return ENDPOINT.exec(host.toLowerCase().replace(/\.$/, ''))?.[1];
}

/**
 * Why RDS answers "PAM authentication failed" to a token: it tells the client nothing more. The instance's log export
 * `iam-db-auth-error` in CloudWatch does.
 */
const PAM_CAUSES: readonly string[] = [
  'the AWS session behind the token has ended',
  'IAM authentication is off on the instance',
  'the role lacks rds-db:connect on arn:aws:rds-db:REGION:ACCOUNT:dbuser:DBI_RESOURCE_ID/USER (the resource id, not the name), or has conditions that it does not support',
  'the database user lacks the role rds_iam (GRANT rds_iam TO USER)',
  'the user’s name differs in upper and lower case',
  'the token was made for another host (an alias, CNAME or address instead of the endpoint), port or region',
  'this machine’s clock is more than five minutes off',
  'the connection has no TLS',
];

/** The advice for an RDS login that was refused; undefined when the server’s message speaks for itself. */
export function loginAdvice(message: string): string | undefined {
  if (!message.includes('PAM authentication failed')) {
    return undefined;
  }
  return `possible causes: ${PAM_CAUSES.join('; ')}. CloudWatch’s log iam-db-auth-error of the instance names the one`;
}
