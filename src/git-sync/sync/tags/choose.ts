/** Asks the remote which tag it is. */
import type { FoundRef } from '../../../git/remote/http-probe.ts';
import type { RemoteProbe } from '../../../git/remote/probe.ts';
import { TAG_ERRORS } from './errors.ts';

/** @throws `no_tag_matches`, or why the remote cannot be asked: without its answer nothing can be fetched */
export async function chooseTag(
  probe: Pick<RemoteProbe, 'ask'>,
  ref: string,
  signal: AbortSignal,
): Promise<FoundRef> {
  const state = await probe.ask(signal);
  if (state.kind === 'refused') {
    throw state.error;
  }
  if (state.kind === 'missing') {
    throw TAG_ERRORS.no_tag_matches({ ref });
  }
  return state;
}
