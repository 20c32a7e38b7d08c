import { printable } from '../core/printable.ts';
import type { ApiAnswer } from './client.ts';
import { KUBERNETES_ERRORS } from './errors.ts';
import { textAt } from './json.ts';

/** Characters of the API server's own reason. */
const LONGEST_REASON = 200;

/**
 * Ends with what the API server says to a call that it does not carry out.
 * @param what completes "the API server refuses to ..."
 * @throws PillionError `api_refused` with the status among its facts
 */
export function refuse(what: string, { status, json }: ApiAnswer): never {
  const why = printable((textAt(json, 'message') ?? '').slice(0, LONGEST_REASON));
  throw KUBERNETES_ERRORS.api_refused({ what, status, why }, { facts: { status } });
}
