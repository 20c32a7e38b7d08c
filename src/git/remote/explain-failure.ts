/** What a failure of git over HTTP does not tell, although the server did: it is asked once more to find out. */
import { isPillionError, type PillionError } from '../../core/errors.ts';
import { GIT_ERRORS } from '../errors.ts';
import type { RemoteProbe } from './probe.ts';
import { refusalError } from './refusal-error.ts';

/** What git prints with `--verbose` once it talks to a server of git, in protocol version 2. */
const SPOKE_GIT = 'POST git-upload-pack';
/** Statuses that may come with a Retry-After, of which git says nothing. */
const BUSY = /returned error: (429|503)/;

/** A ref that was not found may mean that there is no repository at all: git takes many a web page for an empty list. */
function mayBePage(error: PillionError): boolean {
  const isMissing = GIT_ERRORS.ref_not_found.matches(error) || GIT_ERRORS.head_not_found.matches(error);
  return isMissing && !error.message.includes(SPOKE_GIT);
}

/**
 * The same failure; `web_page` where a page answers in place of the repository; or what the server says now, with
 * `facts.retryAfterMs`, where it wants to be left alone for a while.
 * @param repo the address, for the message
 */
export async function explainFailure(
  error: unknown,
  repo: string,
  probe: Pick<RemoteProbe, 'askWhy'>,
  signal: AbortSignal,
): Promise<unknown> {
  if (!isPillionError(error)) {
    return error;
  }
  const symptom = BUSY.exec(error.message)?.[1] ?? (mayBePage(error) ? 'page' : undefined);
  if (symptom === undefined) {
    return error;
  }
  const refusal = await probe.askWhy(symptom, signal).catch(() => undefined);
  if (refusal?.kind === 'unsupported' && refusal.isPage === true && mayBePage(error)) {
    return GIT_ERRORS.web_page({ message: error.message });
  }
  return refusal?.kind === 'busy' && refusal.retryAfterMs !== undefined ? refusalError(refusal, repo) : error;
}
