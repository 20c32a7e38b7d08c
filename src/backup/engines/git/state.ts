import type { RepositoryState, Snapshot } from '../../model.ts';
import type { GitAccess } from './access.ts';
import type { EarlierSnapshot } from './message.ts';
import { askTip, fetchTip, type Tip } from './repository.ts';

/** Where the manifest lies in a commit that Pillion has made. */
export const MANIFEST_PATH = '.pillion/manifest.mtree';
/** The object of each file in the manifest, a line each in its order. */
export const BLOBS_PATH = '.pillion/blobs';

/** Rejects for everything that is not surely one of the two. */
export async function stateOf(access: GitAccess, signal: AbortSignal): Promise<RepositoryState> {
  const found = await askTip(access, signal);
  if (found === undefined) {
    return { kind: 'NONE' };
  }
  const { tip } = await fetchTip(access, found, signal);
  return stateFrom(tip, access.context.name, access.settings.shown);
}

/** Pure. */
export function stateFrom(tip: Tip, name: string, shown: string): RepositoryState {
  const { facts } = tip;
  if (facts === undefined) {
    // Somebody's own content, as in a repository that a volume is to begin with.
    return { kind: 'HAS', snapshots: [{ id: tip.id, time: tip.time }], damaged: [] };
  }
  if (facts.volume !== name) {
    const message = `${shown} holds the backups of the volume ${facts.volume}, not of ${name}`;
    const hint = 'name another branch, or the volume as it was named there (--name)';
    return { kind: 'UNKNOWN', reason: { kind: 'failed', message, hint } };
  }
  return { kind: 'HAS', snapshots: snapshotsOf(tip), damaged: [] };
}

/** Newest first. */
export function snapshotsOf({ id, facts, time }: Tip): Snapshot[] {
  if (facts === undefined) {
    return [{ id, time }];
  }
  return [{ ...facts, id }, ...facts.earlier].map(toSnapshot);
}

const toSnapshot = ({ id, time, files, bytes, isPartial }: EarlierSnapshot): Snapshot => ({
  id,
  time,
  manifest: MANIFEST_PATH,
  files,
  bytes,
  isPartial,
});
