/** What it takes to publish a commit, as it follows from what lies in the root. */
import type { PublishedCopy } from './copy/published-copy.ts';
import { type InTree, isInside, type Layout } from './layout.ts';
import { linksOf } from './links.ts';
import { checkTree, type TreeShape, type TreeState } from './repository/tree-check.ts';

/** A link, and the way from the top of the tree to where it leads. */
export interface PlannedLink {
  readonly link: string;
  readonly below: string;
}

export interface Plan {
  readonly hash: string;
  /** Where the commit's worktree belongs. */
  readonly path: string;
  /** What stands there; an unlinked worktree counts as missing, since it may be incomplete. */
  readonly state: TreeState;
  /** Our link already leads there. */
  readonly isCurrent: boolean;
  /** Our link first, then those of other git-syncs in this root that lead to the same worktree. */
  readonly links: readonly PlannedLink[];
}

export interface PlanInit {
  readonly root: string;
  /** Our link; absolute. */
  readonly link: string;
  readonly layout: Layout;
  readonly shape: TreeShape;
  readonly copy?: PublishedCopy | undefined;
  /** Its tree was published before and is known to be whole, though no link may lead there. */
  readonly isKnown?: boolean;
}

/** Reads the root. `current` is where our link leads now. */
export async function planFor(
  { root, link, layout, shape, copy, isKnown = false }: PlanInit,
  hash: string,
  current: InTree | undefined,
): Promise<Plan> {
  const path = layout.treePath(hash);
  const leadingThere = (await linksOf(root)).filter(({ tree }) => tree === path);
  const others = leadingThere.filter((each) => each.ours && each.link !== link && isInside(root, each.link));
  const isLinked = current?.tree === path || leadingThere.length > 0;
  const state = isLinked || isKnown ? await checkTree(root, path, hash, shape) : 'missing';
  const isLinkRight = current?.tree === path && current.below === shape.below;
  const isCurrent = isLinkRight && (await (copy?.isOf(hash) ?? true));
  return { hash, path, state, isCurrent, links: [{ link, below: shape.below }, ...others] };
}

/** Whether the link has to move, or what it leads to has to be made again. */
export function isChange(plan: Plan): boolean {
  return !plan.isCurrent || plan.state !== 'ok';
}
