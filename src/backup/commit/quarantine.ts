/** What a restore found on the volume: moved here, never removed with the restore that put it here. */
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { QUARANTINE } from './names.ts';

/** Which quarantines go so that so many stay; their names sort by time. Pure. */
export const excess = (names: readonly string[], keep: number): string[] =>
  names.toSorted().slice(0, Math.max(0, names.length - Math.max(keep, 1)));

/** Of a commit that was not begun after all, or was taken back. */
export const removeEmptyQuarantines = (folder: ForeignDirectory): Promise<void> =>
  pruneQuarantines(folder, Number.POSITIVE_INFINITY);

/** Removes empty ones, and the oldest beyond so many. What cannot be removed stays. */
export async function pruneQuarantines(folder: ForeignDirectory, keep: number): Promise<void> {
  const quarantines = await folder.open(QUARANTINE);
  if (quarantines === undefined) {
    return;
  }
  try {
    const names: string[] = [];
    for (const { name } of await quarantines.list()) {
      await quarantines.removeIfEmpty(name);
      if ((await quarantines.stat(name)) !== undefined) {
        names.push(name);
      }
    }
    for (const name of excess(names, keep)) {
      await quarantines.removeTree(name);
    }
  } finally {
    await quarantines.close();
  }
  await folder.removeIfEmpty(QUARANTINE);
}
