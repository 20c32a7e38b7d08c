/** Spares a poll the check of all worktrees while nothing can have been added to them. */
import type { Clock } from '../../../core/clock.ts';
import { withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { TREES_DIR } from '../../../git/tree-places.ts';

/** What a change of a directory cannot show, as the content of a worktree, is found by a check after this at the latest. */
const CHECK_AGAIN_MS = 60_000;
/** A directory that changed just before it was looked at may change once more with the same time. */
const COARSE_CLOCK_MS = 2000;

/** What the directories with worktrees are like; undefined when that does not tell whether they change from now on. */
export type TreesState = string | undefined;

export interface SettledTrees {
  read(needed: readonly string[]): Promise<TreesState>;
  /** Whether no worktree was unneeded when the directories were last like this. */
  isSettled(state: TreesState): boolean;
  /** Says that none is. `state` was read before they were looked at. */
  settle(state: TreesState): void;
}

export function createSettledTrees(root: string, clock: Clock): SettledTrees {
  let settled: { readonly state: string; readonly at: number } | undefined;
  return {
    async read(needed) {
      const statuses = await withForeignRoot(root, async (top) => [
        await top.statOfItself(),
        await top.stat(TREES_DIR),
      ]).catch(() => []);
      const [top, trees] = statuses;
      const changes = [top?.mtimeMs, trees?.mtimeMs ?? 0];
      const isOld = changes.every((ms) => ms !== undefined && Math.abs(clock.now() - ms) > COARSE_CLOCK_MS);
      return isOld ? [...changes, top?.ino, trees?.ino, ...needed].join(' ') : undefined;
    },
    isSettled: (state) =>
      settled !== undefined && settled.state === state && clock.monotonic() - settled.at < CHECK_AGAIN_MS,
    settle(state) {
      settled = state === undefined ? undefined : { state, at: clock.monotonic() };
    },
  };
}
