import { isPillionError } from '../../core/errors.ts';
import { withoutLineEnd } from '../../core/line-end.ts';
import type { Answer, Source } from '../model.ts';
import { atPointer, parseJson, seconds, secretText } from './answer.ts';
import { SOURCE_ERRORS } from './errors.ts';
import { requestSource, type SourceReply, type TlsFiles } from './request.ts';
import { readSecretFile } from './secret-file.ts';
import { completeAnswer, type SourceContext } from './source.ts';

export interface VaultSourceSpec {
  /** `https://vault:8200` */
  readonly address: string;
  /** Path of the database secrets engine. */
  readonly mount: string;
  readonly role: string;
  /** A static role: one user whose password Vault changes on its own schedule; there is no lease. */
  readonly isStatic: boolean;
  readonly namespace: string;
  /** A file with a token (the sink of a Vault agent), or a login with the pod's service account. */
  readonly auth: { readonly tokenFile: string } | VaultKubernetesAuth;
  readonly tls: TlsFiles;
  /** Whether leases are revoked at the end: their users are dropped at once. */
  readonly revokeAtEnd: boolean;
}

export interface VaultKubernetesAuth {
  readonly role: string;
  readonly mount: string;
  readonly jwtFile: string;
}

interface Lease {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly lengthMs: number;
  isRenewable: boolean;
}

const SOURCE = 'Vault';

/**
 * Users of Vault's database secrets engine (or OpenBao's), by its HTTP API. A lease is renewed for as long as Vault
 * lengthens it; when it no longer does (its max TTL comes near) a new user is made while the old one still works.
 */
export function vaultSource(spec: VaultSourceSpec, context: SourceContext): Source {
  let lease: Lease | undefined;
  return {
    async ask(signal): Promise<Answer> {
      const client = await login(spec, context, signal);
      if (spec.isStatic) {
        return askStatic(spec, context, client, signal);
      }
      const renewed = lease?.isRenewable ? await renew(lease, client, context, signal) : undefined;
      lease = renewed ?? (await newLease(spec, client, context, signal));
      const { username, password, issuedAt, expiresAt } = lease;
      return { credential: { username, password, issuedAt, expiresAt } };
    },
    async close(signal): Promise<void> {
      if (spec.revokeAtEnd && lease !== undefined) {
        const client = await login(spec, context, signal);
        await client('POST', 'sys/leases/revoke', { lease_id: lease.id }, signal);
      }
    },
  };
}

type Client = (
  method: string,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
) => Promise<SourceReply>;

async function login(spec: VaultSourceSpec, context: SourceContext, signal: AbortSignal): Promise<Client> {
  const { auth } = spec;
  if ('tokenFile' in auth) {
    return clientWith(withoutLineEnd(await readSecretFile(auth.tokenFile)), spec, context);
  }
  const jwt = withoutLineEnd(await readSecretFile(auth.jwtFile));
  context.secret('vault jwt', jwt);
  const path = `auth/${auth.mount}/login`;
  const reply = await clientWith('', spec, context)('POST', path, { role: auth.role, jwt }, signal);
  const token = atPointer(parseJson(reply.body, SOURCE), '/auth/client_token');
  return clientWith(secretText(token, 'client_token', SOURCE), spec, context);
}

function clientWith(token: string, spec: VaultSourceSpec, context: SourceContext): Client {
  context.secret('vault token', token);
  const headers = {
    'X-Vault-Request': 'true',
    ...(token === '' ? {} : { 'X-Vault-Token': token }),
    ...(spec.namespace === '' ? {} : { 'X-Vault-Namespace': spec.namespace }),
  };
  return (method, path, body, signal) => {
    const url = `${spec.address.replace(/\/$/, '')}/v1/${path}`;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = { source: SOURCE, method, url, headers, body: text, tls: spec.tls, advice };
    return requestSource(context, request, signal);
  };
}

async function newLease(
  { mount, role }: VaultSourceSpec,
  client: Client,
  context: SourceContext,
  signal: AbortSignal,
): Promise<Lease> {
  const askedAt = context.now();
  const { body } = await client('GET', `${mount}/creds/${encodeURIComponent(role)}`, undefined, signal);
  const answer = parseJson(body, SOURCE);
  const lengthMs = leaseLength(answer);
  return {
    id: secretText(atPointer(answer, '/lease_id'), 'lease_id', SOURCE),
    username: secretText(atPointer(answer, '/data/username'), 'username', SOURCE),
    password: secretText(atPointer(answer, '/data/password'), 'password', SOURCE),
    issuedAt: askedAt,
    expiresAt: askedAt + lengthMs,
    lengthMs,
    isRenewable: atPointer(answer, '/renewable') === true,
  };
}

/**
 * The lease with its new end, or undefined when a new one is due: Vault no longer knows it, or gave it less time than
 * the first time, which means that its max TTL comes near.
 */
async function renew(
  lease: Lease,
  client: Client,
  context: SourceContext,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  const askedAt = context.now();
  try {
    const increment = Math.round(lease.lengthMs / 1000);
    const { body } = await client('POST', 'sys/leases/renew', { lease_id: lease.id, increment }, signal);
    const answer = parseJson(body, SOURCE);
    const lengthMs = leaseLength(answer);
    return lengthMs < lease.lengthMs * 0.9
      ? undefined
      : {
          ...lease,
          issuedAt: askedAt,
          expiresAt: askedAt + lengthMs,
          isRenewable: atPointer(answer, '/renewable') === true,
        };
  } catch (error) {
    if (isPillionError(error) && SOURCE_ERRORS.source_refused.matches(error)) {
      context.warn('Vault did not renew the lease; asking for a new user', { error: error.message });
      return undefined;
    }
    throw error;
  }
}

function leaseLength(answer: unknown): number {
  const lengthMs = seconds(atPointer(answer, '/lease_duration'), 'lease_duration', SOURCE);
  if (lengthMs === undefined || lengthMs === 0) {
    throw SOURCE_ERRORS.source_answer_invalid({ source: SOURCE, why: 'its lease_duration is missing or 0' });
  }
  return lengthMs;
}

async function askStatic(
  { mount, role }: VaultSourceSpec,
  context: SourceContext,
  client: Client,
  signal: AbortSignal,
): Promise<Answer> {
  const askedAt = context.now();
  const path = `${mount}/static-creds/${encodeURIComponent(role)}`;
  const reply = await client('GET', path, undefined, signal);
  const answer = parseJson(reply.body, SOURCE);
  const raw = {
    username: secretText(atPointer(answer, '/data/username'), 'username', SOURCE),
    password: secretText(atPointer(answer, '/data/password'), 'password', SOURCE),
    expiresInMs: seconds(atPointer(answer, '/data/ttl'), 'ttl', SOURCE),
  };
  return completeAnswer({ source: SOURCE, raw, user: '', askedAt, now: context.now(), date: reply.date });
}

function advice(status: number): string {
  switch (status) {
    case 400:
      return 'check the role, and with a service account the role of its login and the audience of its token';
    case 403:
      return 'the token has ended or its policy lacks the path: it needs read on MOUNT/creds/ROLE and update on sys/leases/renew';
    case 404:
      return 'check mount and role';
    case 503:
      return 'Vault is sealed';
    default:
      return "see Vault's own log";
  }
}
