/** Which worktrees stay although nothing uses them any more. */

export interface TreeInfo {
  /** Absolute. */
  readonly path: string;
  /** When it stopped being published, or else was made; milliseconds since the epoch. */
  readonly changedAt: number;
}

/**
 * Of worktrees that are neither published nor in use, the paths of those that stay. `now` is milliseconds since the
 * epoch.
 */
export type Retention = (trees: readonly TreeInfo[], now: number) => ReadonlySet<string>;

/** Keeps a worktree for some time; 0 keeps none, however young it is. */
export function keepFor(milliseconds: number): Retention {
  return (trees, now) => {
    const isYoung = ({ changedAt }: TreeInfo) => milliseconds > 0 && now - changedAt <= milliseconds;
    return new Set(trees.filter(isYoung).map(({ path }) => path));
  };
}
