import { errorMessage } from '../../../core/errors.ts';
import type { Log } from '../../../core/log/log.ts';
import type { SyncObserver } from '../events.ts';
import { type Publication, recordPublication } from '../publishing/publication.ts';

/** Records each publication in the root, for a process that is started there later. */
export function observePublication(publication: Publication & { readonly log: Log }): SyncObserver {
  return async (event) => {
    if (event.kind !== 'published') {
      return;
    }
    await recordPublication(publication, event.change.remote).catch((error: unknown) => {
      publication.log.at(1, 'cannot record what was published', { reason: errorMessage(error) });
    });
  };
}
