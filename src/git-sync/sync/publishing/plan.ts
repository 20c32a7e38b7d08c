/** What it takes to publish a commit, as it follows from what lies in the root. */
import type { PublishedCopy } from '../copy/published-copy.ts';
import { checkTree, type TreeShape, type TreeState } from '../repository/tree-check.ts';
import { hasForm, hasOutline, type TreeForm } from '../repository/tree-form.ts';
import { ROOT_ERRORS } from '../root.ts';
import { type InTree, isInside, type Layout } from './layout.ts';
import { linksOf } from './links.ts';

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
  /** Others' links lead there as well. */
  readonly isShared: boolean;
  /** Our link first, then those of other git-syncs in this root that lead to the same worktree. */
  readonly links: readonly PlannedLink[];
}

export interface PlanInit {
  readonly root: string;
  /** Our link; absolute. */
  readonly link: string;
  readonly layout: Layout;
  readonly shape: TreeShape;
  readonly form: TreeForm;
  readonly copy?: PublishedCopy | undefined;
  /** Its tree was published before and is known to be whole, though no link may lead there. */
  readonly isKnown?: boolean;
  /** Trees that others use are left alone unless they are all that this one would be. */
  readonly isStrict?: boolean;
}

/**
 * Where the tree of a commit belongs: at its usual place, unless other links lead to one there that was made for
 * something else. Nothing is made of that: its readers were promised those files.
 */
async function choosePlace(
  { root, layout, form, isStrict = false }: PlanInit,
  hash: string,
  current: InTree | undefined,
  others: readonly InTree[],
): Promise<string> {
  const places = layout.placesOf(hash);
  const suits = isStrict ? hasForm : hasOutline;
  // Where our link is already it stays if it can.
  const inOrder = places.toSorted(
    (one, other) => Number(other === current?.tree) - Number(one === current?.tree),
  );
  for (const place of inOrder) {
    if (!others.some(({ tree }) => tree === place) || (await suits(root, place, form))) {
      return place;
    }
  }
  throw ROOT_ERRORS.trees_taken({ root, hash, count: places.length });
}

/** Reads the root. `current` is where our link leads now. */
export async function planFor(init: PlanInit, hash: string, current: InTree | undefined): Promise<Plan> {
  const { root, link, shape, copy, isKnown = false } = init;
  const links = await linksOf(root);
  const foreign = links.filter((each) => each.link !== link);
  const path = await choosePlace(init, hash, current, foreign);
  const leadingThere = foreign.filter(({ tree }) => tree === path);
  const others = leadingThere.filter((each) => each.ours && isInside(root, each.link));
  const isLinked = current?.tree === path || leadingThere.length > 0;
  const state = isLinked || isKnown ? await checkTree(root, path, hash, shape) : 'missing';
  const isLinkRight = current?.tree === path && current.below === shape.below;
  const isCurrent = isLinkRight && (await (copy?.isOf(hash) ?? true));
  const isShared = leadingThere.length > 0;
  return { hash, path, state, isCurrent, isShared, links: [{ link, below: shape.below }, ...others] };
}

/** Whether the link has to move, or what it leads to has to be made again. */
export function isChange(plan: Plan): boolean {
  return !plan.isCurrent || plan.state !== 'ok';
}
