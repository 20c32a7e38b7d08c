import type { PillionError } from '../../core/errors.ts';
import { GIT_ERRORS } from '../errors.ts';
import type { Refusal } from './http-question.ts';

/** A server's refusal as the error that git's own attempt would end with: the same code, the same advice. */
export function refusalError(
  refusal: Exclude<Refusal, { readonly kind: 'unsupported' }>,
  repo: string,
): PillionError {
  const { diagnosis: code, why } = described(refusal);
  const facts = {
    status: refusal.kind === 'missing' ? undefined : refusal.status,
    retryAfterMs: refusal.kind === 'busy' ? refusal.retryAfterMs : undefined,
  };
  return GIT_ERRORS[code]({ message: `${repo}: ${why}` }, { facts });
}

function described(refusal: Exclude<Refusal, { readonly kind: 'unsupported' }>): {
  diagnosis: 'repository_not_found' | 'auth_failed' | 'remote_unreachable';
  why: string;
} {
  if (refusal.kind === 'missing') {
    return { diagnosis: 'repository_not_found', why: 'the server has no such repository' };
  }
  if (refusal.kind === 'denied') {
    const what = refusal.offered ? 'refused the credentials' : 'asks for credentials, and there are none';
    const why = refusal.status === 403 ? 'denies access' : what;
    return { diagnosis: 'auth_failed', why: `the server ${why} (status ${refusal.status})` };
  }
  const wait = refusal.retryAfterMs;
  const until = wait === undefined ? '' : `, ask again in ${Math.ceil(wait / 1000)} s`;
  return {
    diagnosis: 'remote_unreachable',
    why: `the server answered with status ${refusal.status}${until}`,
  };
}
