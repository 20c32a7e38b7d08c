/** What a remote says of a ref. */
import { isPillionError, type PillionError } from '../../core/errors.ts';
import type { GitErrorCode } from '../errors.ts';
import type { FoundRef } from './http-probe.ts';

/** What is known of the remote ref. */
export type RemoteState =
  | ({ readonly kind: 'ref' } & FoundRef)
  /** The remote lists no such ref: it may be a commit, or a fetch tells better what is wrong. */
  | { readonly kind: 'missing' }
  /** The remote's answer. A fetch would get it once more, and offer the same credentials once more. */
  | { readonly kind: 'refused'; readonly error: PillionError };

/** Failures of git that are the remote's answer. */
const REMOTE_ANSWERS: ReadonlySet<string> = new Set<string>([
  'auth_failed',
  'ssh_key_refused',
  'host_key_changed',
  'host_key_unknown',
  'user_unknown',
  'repository_not_found',
  'remote_unreachable',
  'tls_failed',
  'transport_refused',
  'web_page',
  'proxy_refused',
  'bad_address',
  'foreign_repository',
] satisfies GitErrorCode[]);

export const isRemoteAnswer = (error: unknown): error is PillionError =>
  isPillionError(error) && REMOTE_ANSWERS.has(error.code);
