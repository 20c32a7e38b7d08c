/**
 * Whether a request comes from somebody who knows a secret:
 *
 * - the secret itself as a token: `Authorization: Bearer`, or the password of `Authorization: Basic` (Azure DevOps,
 *   Bitbucket Data Center), or `X-Gitlab-Token`;
 * - an HMAC-SHA256 of the body, in hexadecimal: `X-Hub-Signature-256` (GitHub, Gitea, Forgejo), `X-Hub-Signature`
 *   (Bitbucket), `X-Gitea-Signature`, `X-Forgejo-Signature`, `X-Gogs-Signature`;
 * - an HMAC-SHA256 of id, time and body (GitLab's signing token): `webhook-signature`, by the specification of Standard
 *   Webhooks, with a key in the form `whsec_<base64>`.
 *
 * All comparisons take the same time whatever is given.
 */
import { createHmac, type Hmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { basicPassword, bearerToken, isOneOf } from '../../../core/http/same-secret.ts';

/** How far the time of a dated signature may be from ours, as Standard Webhooks has it. */
export const TOLERANCE_MS = 5 * 60_000;
/** A dated request may carry a signature per key that is valid; more than these are not looked at. */
const MOST_SIGNATURES = 8;
const DIGEST_BYTES = 32;
const KEY_PREFIX = 'whsec_';

/** What shows that the sender knows a secret. With `token` nothing vouches for the body, with `body` nothing for the rest. */
export type ProofKind = 'token' | 'body' | 'id-time-and-body';

export interface SignedBy {
  readonly by: ProofKind;
  /** In hexadecimal; another one for each body. */
  readonly signature: string;
}

export type Proof =
  | { readonly kind: 'proven'; readonly by: 'token' }
  /** The body decides: give it piece by piece, then ask what it proves. */
  | {
      readonly kind: 'pending';
      readonly take: (chunk: Buffer) => void;
      readonly end: () => SignedBy | undefined;
    }
  | { readonly kind: 'refused'; readonly why: string };

/** Signatures that were given, and the HMACs of which one must have made one of them. */
interface Claim {
  readonly by: ProofKind;
  readonly given: readonly Buffer[];
  readonly hmacs: readonly Hmac[];
}

const BODY_SIGNATURES: readonly (readonly [header: string, prefix: string])[] = [
  ['x-hub-signature-256', 'sha256='],
  ['x-hub-signature', 'sha256='],
  ['x-gitea-signature', ''],
  ['x-forgejo-signature', ''],
  ['x-gogs-signature', ''],
];

const text = (value: string | string[] | undefined) => (typeof value === 'string' ? value : '');

function bodyClaim(headers: IncomingHttpHeaders, secrets: readonly string[]): Claim | undefined {
  const given = BODY_SIGNATURES.flatMap(([header, prefix]) => {
    const value = text(headers[header]);
    return value.startsWith(prefix) ? Buffer.from(value.slice(prefix.length), 'hex') : [];
  }).filter(({ length }) => length === DIGEST_BYTES);
  return given.length === 0
    ? undefined
    : { by: 'body', given, hmacs: secrets.map((secret) => createHmac('sha256', secret)) };
}

/** The key of a signing token is what its base64 stands for. */
function signingKeys(secrets: readonly string[]): Buffer[] {
  return secrets
    .filter((secret) => secret.startsWith(KEY_PREFIX))
    .map((secret) => Buffer.from(secret.slice(KEY_PREFIX.length), 'base64'))
    .filter(({ length }) => length >= SHORTEST_KEY_BYTES);
}
const SHORTEST_KEY_BYTES = 12;

function datedClaim(
  headers: IncomingHttpHeaders,
  secrets: readonly string[],
  now: number,
): Claim | 'stale' | undefined {
  const [id, time, list] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    text(headers[name]),
  ) as [string, string, string];
  if (list === '' || id === '' || !/^\d{1,12}$/.test(time)) {
    return undefined;
  }
  if (Math.abs(Number(time) * 1000 - now) > TOLERANCE_MS) {
    return 'stale';
  }
  const given = list
    .split(' ', MOST_SIGNATURES)
    .filter((entry) => entry.startsWith('v1,'))
    .map((entry) => Buffer.from(entry.slice('v1,'.length), 'base64'))
    .filter(({ length }) => length === DIGEST_BYTES);
  const hmacs = signingKeys(secrets).map((key) => createHmac('sha256', key).update(`${id}.${time}.`));
  return { by: 'id-time-and-body', given, hmacs };
}

function tokensIn(headers: IncomingHttpHeaders): string[] {
  const { authorization } = headers;
  const given = [bearerToken(authorization), basicPassword(authorization), text(headers['x-gitlab-token'])];
  return given.filter((token) => token !== undefined && token !== '') as string[];
}

/** The first of our signatures that was given; all are compared. */
function madeBy({ by, given, hmacs }: Claim): SignedBy | undefined {
  const digests = hmacs.map((hmac) => hmac.digest());
  const isGiven = digests.map((digest) =>
    given.map((signature) => timingSafeEqual(digest, signature)).includes(true),
  );
  const signature = digests[isGiven.indexOf(true)]?.toString('hex');
  return signature === undefined ? undefined : { by, signature };
}

/**
 * What the headers of a request prove, or may prove together with its body.
 * @param now milliseconds since the epoch
 */
export function examine(headers: IncomingHttpHeaders, secrets: readonly string[], now: number): Proof {
  const tokens = tokensIn(headers);
  if (tokens.map((token) => isOneOf(token, secrets)).includes(true)) {
    return { kind: 'proven', by: 'token' };
  }
  const dated = datedClaim(headers, secrets, now);
  const claims = [dated === 'stale' ? undefined : dated, bodyClaim(headers, secrets)].filter(
    (claim) => claim !== undefined,
  );
  if (claims.length > 0) {
    return {
      kind: 'pending',
      take: (chunk) => claims.forEach(({ hmacs }) => hmacs.forEach((hmac) => hmac.update(chunk))),
      // All are computed, whichever holds.
      end: () => claims.map(madeBy).find((made) => made !== undefined),
    };
  }
  if (dated === 'stale') {
    return { kind: 'refused', why: 'the time in webhook-timestamp is more than 5 minutes from now' };
  }
  return tokens.length > 0
    ? { kind: 'refused', why: 'the token is none of --trigger-secret-file' }
    : { kind: 'refused', why: 'there is neither a signature (HMAC-SHA256) nor a token' };
}
