/** What to try when a restore refuses. Pure. */
import type { RepositoryState, VolumeState } from '../model.ts';

export function hintFor(volume: VolumeState, repository: RepositoryState | undefined): string | undefined {
  if (repository?.kind === 'UNKNOWN') {
    return repository.reason.hint;
  }
  if (volume.kind === 'UNREADABLE') {
    return 'nothing was changed; see what the check or the file system says';
  }
  if (repository?.kind === 'NONE' && repository.isSuspect === true) {
    return 'look for what was removed there; with --on-missing=allow a restore refuses too';
  }
  return volume.kind === 'EMPTY'
    ? 'for the very first start, --on-missing=allow; otherwise look for the right --repository and --name'
    : 'nothing was changed; look for the right --repository and --name';
}
