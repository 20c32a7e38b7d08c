/** Which worktrees stay although nothing uses them any more. */

import { basename } from 'node:path';
import { isFullHash } from '../../../git/object-name.ts';

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

/** Keeps those that stopped being published last; what is not named like a tree, as a half-made one, is not counted. */
export function keepNewest(count: number): Retention {
  return (trees) => {
    const published = trees.filter(({ path }) => isFullHash(basename(path).replace(/^rev-/, '')));
    const newest = published.toSorted((one, other) => other.changedAt - one.changedAt).slice(0, count);
    return new Set(newest.map(({ path }) => path));
  };
}

/** Keeps what any of them keeps. */
export function keepAny(...retentions: readonly Retention[]): Retention {
  return (trees, now) => new Set(retentions.flatMap((keep) => [...keep(trees, now)]));
}
