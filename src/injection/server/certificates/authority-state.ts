/**
 * The certificate authority that all replicas share, and its rotation, as data. There is no leader: each replica looks
 * at the same Secret and comes to the same next step, and the Secret's version lets one of them win.
 *
 * The order keeps every handshake good: a new authority is first published next to the old one, read back from every
 * webhook, then signs; the old one stays published until no certificate of it is served.
 */
import { X509Certificate } from 'node:crypto';
import { type Json, memberAt, textAt } from '../../../kubernetes/json.ts';
import { pemBlocks } from './pem.ts';

export interface Authority {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface AuthorityState {
  readonly signer: Authority;
  /** Published, and not signing yet. */
  readonly next: Authority | undefined;
  /** When the next one was added, or the signer became it; milliseconds since the epoch. */
  readonly since: number;
  /** PEM certificates of earlier signers. */
  readonly old: readonly string[];
}

export interface RotationTimes {
  /** How long a bundle has been out before what it announces signs: API servers keep old copies for a moment. */
  readonly settleMs: number;
  /** How long an earlier authority stays published. */
  readonly oldStaysMs: number;
}

export type RotationStep = 'none' | 'add-next' | 'promote-next' | 'drop-old';

/** Part of its life after which an authority or a certificate is replaced. */
export const RENEW_AT = 2 / 3;

/** The state of the first authority. */
export function firstState(signer: Authority, now: number): AuthorityState {
  return { signer, next: undefined, old: [], since: now };
}

/** What a webhook must trust, as one PEM text. */
export function bundleOf({ signer, next, old }: AuthorityState): string {
  return [...old, signer.cert, ...(next === undefined ? [] : [next.cert])].map(normal).join('');
}

/**
 * The one step that is due.
 * @param published the bundle of every webhook, as it was just read
 */
export function nextStep(
  state: AuthorityState,
  published: readonly string[],
  now: number,
  { settleMs, oldStaysMs }: RotationTimes,
): RotationStep {
  const { signer, next, old, since } = state;
  if (next !== undefined) {
    const everywhere = published.length > 0 && published.every((bundle) => contains(bundle, next.cert));
    return everywhere && now - since >= settleMs ? 'promote-next' : 'none';
  }
  if (isDue(signer, now)) {
    return 'add-next';
  }
  return old.length > 0 && now - since >= oldStaysMs ? 'drop-old' : 'none';
}

/** Whether two thirds of a life are over. */
export function isDue(
  { notBefore, notAfter }: Pick<Authority, 'notBefore' | 'notAfter'>,
  now: number,
): boolean {
  return now >= notBefore + (notAfter - notBefore) * RENEW_AT;
}

/** The state after a step; `made` is the new authority for `add-next`. */
export function afterStep(
  state: AuthorityState,
  step: RotationStep,
  now: number,
  made?: Authority,
): AuthorityState {
  const { signer, next, old } = state;
  if (step === 'add-next' && made !== undefined) {
    return { ...state, next: made, since: now };
  }
  if (step === 'promote-next' && next !== undefined) {
    return { signer: next, next: undefined, old: [...old, signer.cert], since: now };
  }
  return step === 'drop-old' ? { ...state, old: [] } : state;
}

/** Whether a bundle has a certificate in it, whatever else and in whatever layout. */
export function contains(bundle: string, cert: string): boolean {
  const wanted = normal(cert);
  return pemBlocks(bundle).some(({ block }) => normal(block) === wanted);
}

function normal(pem: string): string {
  return `${pem.trim().replaceAll('\r', '')}\n`;
}

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** The `data` of the Secret. */
export function secretData({ signer, next, old, since }: AuthorityState): Record<string, string> {
  return {
    'ca.crt': encode(signer.cert),
    'ca.key': encode(signer.key),
    since: encode(new Date(since).toISOString()),
    ...(old.length > 0 && { 'old.crt': encode(old.map(normal).join('')) }),
    ...(next !== undefined && { 'next.crt': encode(next.cert), 'next.key': encode(next.key) }),
  };
}

/** Reads a Secret; undefined when no authority is in it, as in one that somebody has emptied. */
export function stateOfSecret(secret: Json): AuthorityState | undefined {
  const text = (key: string): string => {
    const encoded = textAt(memberAt(secret, 'data'), key) ?? '';
    return Buffer.from(encoded, 'base64').toString('utf8');
  };
  const signer = authorityOf(text('ca.crt'), text('ca.key'));
  const since = Date.parse(text('since'));
  return signer === undefined
    ? undefined
    : {
        signer,
        next: authorityOf(text('next.crt'), text('next.key')),
        since: Number.isNaN(since) ? signer.notBefore : since,
        old: pemBlocks(text('old.crt'))
          .filter(({ label }) => label === 'CERTIFICATE')
          .map(({ block }) => block),
      };
}

function authorityOf(cert: string, key: string): Authority | undefined {
  try {
    const { validFrom, validTo } = new X509Certificate(cert);
    return pemBlocks(key).length === 0
      ? undefined
      : { cert: normal(cert), key, notBefore: Date.parse(validFrom), notAfter: Date.parse(validTo) };
  } catch {
    return undefined;
  }
}
