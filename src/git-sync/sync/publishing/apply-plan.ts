/** Makes the worktree of a commit complete and published, without a moment in which a link leads to less. */
import { join, relative } from 'node:path';
import { removeBelow } from '../../../core/foreign-files/below.ts';
import { REBUILD_DIR, TREES_DIR } from '../../../git/tree-places.ts';
import type { LockedContext } from '../context.ts';
import type { PublishedCopy } from '../copy/published-copy.ts';
import type { Gate } from '../gate.ts';
import { type WholeTree, writeTreeView } from '../repository/tree-view.ts';
import { buildTree, verifyTree } from '../repository/worktree.ts';
import type { TreeReuse } from '../reuse/tree-reuse.ts';
import { changeModes } from './change-modes.ts';
import { forgetCopy, rememberLink } from './links.ts';
import type { Plan } from './plan.ts';
import { publish, tidyLink } from './publish.ts';

export interface ApplyInit {
  /** Our link; absolute. */
  readonly link: string;
  readonly copy?: PublishedCopy | undefined;
  readonly gates: readonly Gate[];
  /** The tree was published before and is known to be whole: a rollback. */
  readonly isKnown?: boolean;
  /** The commit that our link leads to, if it leads to one. */
  readonly previous: string | undefined;
  readonly reuse: TreeReuse;
  /** The plan that leaves alone what others use and was made with other options. */
  readonly planApart: () => Promise<Plan>;
  /** The worktrees that may go. */
  readonly unused: () => Promise<readonly string[]>;
}

async function passGates(
  { gates, previous }: ApplyInit,
  path: string,
  hash: string,
  signal: AbortSignal,
): Promise<void> {
  for (const gate of gates) {
    await gate.check?.({ hash, path, previous }, signal);
  }
}

/** The files of a commit at a path that no link leads to: in a tree that is not needed any more, or in a new one. */
async function fill(
  context: LockedContext,
  { reuse, unused }: ApplyInit,
  path: string,
  hash: string,
  signal: AbortSignal,
): Promise<WholeTree> {
  return (
    (await reuse.take(context, { path, hash }, unused, signal)) ??
    (await buildTree(context, path, hash, signal, (directory, tree) =>
      reuse.inspect(context, directory, tree, signal),
    ))
  );
}

/** Makes a worktree at a path that no link leads to. */
async function build(
  context: LockedContext,
  init: ApplyInit,
  path: string,
  hash: string,
  signal: AbortSignal,
): Promise<WholeTree> {
  const { root, spec, open } = context;
  try {
    const tree = await fill(context, init, path, hash, signal);
    await writeTreeView(context, tree);
    await changeModes(open.directory.guardedBy(signal), relative(root, path), spec.changePermissions);
    await passGates(init, path, hash, signal);
    signal.throwIfAborted();
    return tree;
  } catch (error) {
    // An incomplete worktree is of no use, and the disk may be full because of it.
    await removeBelow(open.directory, relative(root, path)).catch(() => {});
    throw error;
  }
}

/** Publishes the worktree; the links never point at an incomplete tree. */
async function switchLinks(
  context: LockedContext,
  { link, copy }: ApplyInit,
  { hash, links, isNew = false }: Pick<Plan, 'hash' | 'links'> & { readonly isNew?: boolean },
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { root, log, emit, spec } = context;
  // A link that is not on record could lose its worktree to another git-sync on this root.
  await rememberLink(root, link, log);
  if (links.length > 0) {
    await emit({ kind: 'publishing', hash });
  }
  try {
    await copy?.bring(context, join(path, spec.publishSubdirectory), hash, signal);
  } catch (error) {
    if (isNew) {
      // As in `build`: the disk may be full because of it.
      await removeBelow(context.open.directory, relative(root, path)).catch(() => {});
    }
    throw error;
  }
  for (const each of links) {
    await publish(root, each.link, join(path, each.below), log);
  }
  if (copy === undefined) {
    await forgetCopy(root, link);
    await tidyLink(root, link, log);
  }
}

/** Publishes a rebuilt copy first, so the damaged tree can be replaced without a gap. */
async function replaceInPlace(
  context: LockedContext,
  init: ApplyInit,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  const holder = join(TREES_DIR, REBUILD_DIR);
  for (const path of [join(context.root, holder, plan.hash), plan.path]) {
    await build(context, init, path, plan.hash, signal);
    await switchLinks(context, init, plan, path, signal);
  }
  await removeBelow(context.open.directory, holder);
}

/** @returns the plan that was carried out: another one where others use the tree, and need it as it is */
export async function applyPlan(
  context: LockedContext,
  init: ApplyInit,
  plan: Plan,
  signal: AbortSignal,
): Promise<Plan> {
  const { hash, path, state, isCurrent } = plan;
  if (state === 'missing' || state === 'empty') {
    const tree = await build(context, init, path, hash, signal);
    await switchLinks(context, init, { ...plan, isNew: true }, path, signal);
    await init.reuse.published(path, tree);
    return plan;
  }
  const intact = await verifyTree(context, path, hash, signal);
  if (intact === undefined) {
    const apart = plan.isShared ? await init.planApart() : plan;
    if (apart.path !== path) {
      return applyPlan(context, init, apart, signal);
    }
    context.log.info('worktree failed checks, replacing it', { path, state });
    await replaceInPlace(context, init, plan, signal);
    await init.reuse.published(path, undefined);
    return plan;
  }
  await writeTreeView(context, intact);
  const gates = init.gates.filter((gate) => gate.isForAll || !(isCurrent || (init.isKnown && gate.isForNew)));
  await passGates({ ...init, gates }, path, hash, signal);
  await switchLinks(context, init, { hash, links: isCurrent ? [] : plan.links.slice(0, 1) }, path, signal);
  await init.reuse.published(path, undefined);
  return plan;
}
