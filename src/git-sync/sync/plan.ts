/** What it takes to publish a commit, as it follows from what lies in the root. */
import { isInside, type Layout } from './layout.ts';
import { linksOf } from './links.ts';
import { checkTree, type TreeState } from './repository/tree-check.ts';

export interface Plan {
  readonly hash: string;
  /** Where the commit's worktree belongs. */
  readonly path: string;
  /** What stands there; an unlinked worktree counts as missing, since it may be incomplete. */
  readonly state: TreeState;
  /** Our link already leads there. */
  readonly isCurrent: boolean;
  /** Our link first, then those of other git-syncs in this root that lead to the same worktree. */
  readonly links: readonly string[];
}

export interface PlanInit {
  readonly root: string;
  /** Our link; absolute. */
  readonly link: string;
  readonly layout: Layout;
}

/** Reads the root. `current` is where our link leads now. */
export async function planFor(
  { root, link, layout }: PlanInit,
  hash: string,
  current: string | undefined,
): Promise<Plan> {
  const path = layout.treePath(hash);
  const leadingThere = (await linksOf(root)).filter(({ target }) => target === path);
  const others = leadingThere
    .filter((each) => each.ours && each.link !== link && isInside(root, each.link))
    .map((each) => each.link);
  const isLinked = current === path || leadingThere.length > 0;
  const state = isLinked ? await checkTree(root, path, hash) : 'missing';
  return { hash, path, state, isCurrent: current === path, links: [link, ...others] };
}

/** Whether the link has to move, or what it leads to has to be made again. */
export function isChange(plan: Plan): boolean {
  return !plan.isCurrent || plan.state !== 'ok';
}
