/** A ref that was not found may mean that there is no repository at all: git takes many a web page for an empty list. */
import { GIT_ERRORS } from '../errors.ts';
import type { RemoteProbe } from './probe.ts';

/** What git prints with `--verbose` once it talks to a server of git, in protocol version 2. */
const SPOKE_GIT = 'POST git-upload-pack';

/** The same failure, or `web_page` where a page answers in place of the repository; asks once more to find out. */
export async function explainMissingRef(
  error: unknown,
  probe: Pick<RemoteProbe, 'isWebPage'>,
  signal: AbortSignal,
): Promise<unknown> {
  const isMissing = GIT_ERRORS.ref_not_found.matches(error) || GIT_ERRORS.head_not_found.matches(error);
  if (!isMissing || error.message.includes(SPOKE_GIT)) {
    return error;
  }
  const isPage = await probe.isWebPage(signal).catch(() => false);
  return isPage ? GIT_ERRORS.web_page({ message: error.message }) : error;
}
