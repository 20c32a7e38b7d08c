/** Findings about what is served and what the webhooks trust. Pure. */
import { X509Certificate } from 'node:crypto';
import { type Json, textAt } from '../../../kubernetes/json.ts';
import { pemBlocks } from '../certificates/pem.ts';
import type { Finding } from './finding.ts';

export interface ServedChain {
  /** A replica or the Service, for messages. */
  readonly by: string;
  /** PEM, the certificate of the server first. */
  readonly pem: string;
}

export interface TrustFacts {
  /** Mutating and validating. */
  readonly entries: readonly Json[];
  readonly served: readonly ServedChain[];
  /** What an API server calls the Service. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Replaced after two thirds of its life: with less than this left, nobody has replaced it. */
const LEAST_LEFT = 1 / 4;
const REPLICA_LOGS = 'look at the log of the replicas, and at --tls-cert-file where certificates are given';

export function trustFindings({ entries, served, name, now }: TrustFacts): Finding[] {
  const bundles = entries.map((entry) => ({
    entry: textAt(entry, 'name') ?? '(without a name)',
    roots: certificatesOf(
      Buffer.from(textAt(entry, 'clientConfig', 'caBundle') ?? '', 'base64').toString('utf8'),
    ),
  }));
  return [
    ...bundleFindings(bundles, now),
    ...served.flatMap((chain) => chainFindings(chain, { bundles, name, now })),
  ];
}

interface Bundle {
  readonly entry: string;
  /** Undefined when something in it is no certificate. */
  readonly roots: readonly X509Certificate[] | undefined;
}

function bundleFindings(bundles: readonly Bundle[], now: number): Finding[] {
  const check = 'bundle';
  const bad = bundles.flatMap(({ entry, roots }): Finding[] => {
    const alive = roots?.filter((root) => Date.parse(root.validTo) > now) ?? [];
    if (alive.length > 0) {
      return [];
    }
    const why =
      roots === undefined
        ? 'holds what is no certificate'
        : roots.length === 0
          ? 'is empty'
          : 'holds only certificates that have expired';
    const hint = 'the replicas put it back within seconds: look at their log, and at access below';
    return [{ check, level: 'failed', message: `caBundle of ${entry} ${why}`, hint }];
  });
  return bad.length > 0 || bundles.length === 0
    ? bad
    : [{ check, level: 'ok', message: `every one of ${bundles.length} entries has a caBundle` }];
}

interface Expected {
  readonly bundles: readonly Bundle[];
  readonly name: string;
  readonly now: number;
}

function chainFindings({ by, pem }: ServedChain, { bundles, name, now }: Expected): Finding[] {
  const check = 'certificate';
  const [leaf, ...between] = certificatesOf(pem) ?? [];
  if (leaf === undefined) {
    return [{ check, level: 'failed', message: `${by} shows no certificate`, hint: REPLICA_LOGS }];
  }
  const untrusting = bundles.filter(({ roots }) => !isTrusted(leaf, between, roots ?? []));
  const expires = Date.parse(leaf.validTo);
  const life = expires - Date.parse(leaf.validFrom);
  const problems: Finding[] = [];
  const add = (level: Finding['level'], message: string, hint = REPLICA_LOGS) =>
    problems.push({ check, level, message: `${by}: ${message}`, hint });
  if (untrusting.length > 0) {
    const entries = untrusting.map(({ entry }) => entry).join(', ');
    add('failed', `what it shows does not lead to the caBundle of ${entries}`);
  }
  if (leaf.checkHost(name, { subject: 'never' }) === undefined) {
    add('failed', `the certificate is not for ${name}, but for ${leaf.subjectAltName ?? 'no name at all'}`);
  }
  if (expires <= now) {
    add('failed', `the certificate has expired at ${new Date(expires).toISOString()}`);
  } else if (Date.parse(leaf.validFrom) > now) {
    add(
      'failed',
      `the certificate is good only from ${leaf.validFrom} on`,
      'compare the clocks of the nodes',
    );
  } else if (expires - now < life * LEAST_LEFT) {
    add(
      'warning',
      `the certificate ends at ${new Date(expires).toISOString()}, and nobody has replaced it yet`,
    );
  }
  const ok = `${by}: for ${name}, trusted by every entry, good until ${new Date(expires).toISOString()}`;
  return problems.length > 0 ? problems : [{ check, level: 'ok', message: ok }];
}

/** Undefined when something that calls itself one is no certificate. */
function certificatesOf(pem: string): readonly X509Certificate[] | undefined {
  try {
    return pemBlocks(pem)
      .filter(({ label }) => label === 'CERTIFICATE')
      .map(({ block }) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** Follows the issuers up to a root, as a client does. */
function isTrusted(
  leaf: X509Certificate,
  between: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): boolean {
  const signs = (issuer: X509Certificate, subject: X509Certificate) =>
    subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  let current = leaf;
  for (let step = 0; step <= between.length; step += 1) {
    const subject = current;
    if (roots.some((root) => root.fingerprint256 === subject.fingerprint256 || signs(root, subject))) {
      return true;
    }
    const issuer = between.find((each) => each !== subject && signs(each, subject));
    if (issuer === undefined) {
      return false;
    }
    current = issuer;
  }
  return false;
}
