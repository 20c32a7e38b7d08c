/**
 * One pass, from the question to the remote to the published worktree:
 *
 * 1. Is what is published whole, and is it what the remote has? Then nothing else happens.
 * 2. Under the root's lock, fetch the followed commit; a damaged repository is replaced on the way.
 * 3. Build the commit's worktree where no link leads, let the gates check it, and move the link.
 * 4. Afterwards, remove the worktrees that are not needed any more.
 */
import { relative } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { isDiskFull } from '../../git/errors.ts';
import { OWN_BRANCH } from '../../git/private-repository.ts';
import type { FoundRef } from '../../git/remote/http-probe.ts';
import type { RemoteProbe } from '../../git/remote/probe.ts';
import { type CleanupOptions, cleanUp, staleTrees, unneededTrees } from './cleanup/cleanup.ts';
import { reclaimSpace } from './cleanup/reclaim.ts';
import type { Retention } from './cleanup/retention.ts';
import type { SettledTrees } from './cleanup/settled-trees.ts';
import type { LockedContext, SyncContext } from './context.ts';
import type { PublishedCopy } from './copy/published-copy.ts';
import type { PassResult } from './events.ts';
import { isChosenByRule, isPinned, watchedRef } from './fetching/follow.ts';
import { withFetchedCommit } from './fetching/repair.ts';
import { askRemote, checkUpToDate, intactHash } from './fetching/up-to-date.ts';
import { type Gate, isAdmitted, throwIfRefused } from './gate.ts';
import type { RootAccess } from './lock/root-access.ts';
import type { Pins, Remembered } from './pins/pins.ts';
import { STATE_ERRORS } from './pins/state.ts';
import { applyPlan } from './publishing/apply-plan.ts';
import { isTreeOfAnyDialect, type Layout } from './publishing/layout.ts';
import { isChange, planFor } from './publishing/plan.ts';
import { markStale, readPublishedTree } from './publishing/publish.ts';
import { existing } from './repository/protect.ts';
import { readSparsePatterns } from './repository/sparse.ts';
import { shapeOf } from './repository/tree-check.ts';
import { formOf } from './repository/tree-form.ts';
import { writeBranch } from './repository/tree-view.ts';
import type { TreeReuse } from './reuse/tree-reuse.ts';
import { chooseTag } from './tags/choose.ts';

export interface PassInit {
  readonly context: SyncContext;
  readonly access: RootAccess;
  /** Absolute. */
  readonly link: string;
  readonly layout: Layout;
  /** What stands at the place that readers know, where it is no link. */
  readonly copy?: PublishedCopy | undefined;
  readonly probe: RemoteProbe;
  /** Where rollbacks are possible. */
  readonly pins?: Pins | undefined;
  readonly clock: Clock;
  readonly gates: readonly Gate[];
  readonly retention: Retention;
  /** Stale worktrees of which the log says already that some of it cannot be removed. */
  readonly reportedTrees: Set<string>;
  readonly settledTrees: SettledTrees;
  readonly reuse: TreeReuse;
  /** Absolute paths of worktrees that hooks work in. */
  readonly inUse: () => readonly string[];
}

/**
 * Publishes what the ref is at.
 * @param isFirst no pass has succeeded yet: then what is published is checked in full, and confirmed
 */
export async function runPass(init: PassInit, isFirst: boolean, signal: AbortSignal): Promise<PassResult> {
  const { context, access } = init;
  const pin = await init.pins?.current();
  if (pin !== undefined) {
    return publishPinned(init, pin.hash, isFirst, signal);
  }
  const seen = isFirst
    ? { published: undefined, expected: await seenAtFirst(init, signal) }
    : await checkUpToDate({ ...init, ...context }, signal);
  if (seen.published !== undefined && isAdmitted(init.gates, seen.published)) {
    return confirm(init, seen.published);
  }
  const known: FoundRef | undefined = seen.published === undefined ? seen.expected : { hash: seen.published };
  const ref = watchedRef(context.spec.follow);
  const isOpen = isChosenByRule(context.spec.follow) && known?.name === undefined;
  const found = isOpen ? await chooseTag(init.probe, ref, signal) : known;
  if (found !== undefined) {
    await throwIfRefused(init.gates, found, signal);
  }
  const refusal = init.probe.refusalUntilLater();
  if (refusal !== undefined) {
    throw refusal;
  }
  // Told before the fetch, which may be long, and in vain.
  await readSparsePatterns(context.spec);
  const expected = found?.hash ?? (await publishedHash(init));
  return access.run(expected, signal, async (locked) => {
    const from = found?.name ?? ref;
    const publish = (hash: string) => publishCommit(locked, init, { hash, from }, isFirst, signal);
    try {
      const options = { expected: found?.hash, isFirst, from };
      return await withFetchedCommit(locked, options, signal, publish);
    } catch (error) {
      if (isDiskFull(error)) {
        await reclaimSpace(locked, await init.reuse.drop(), signal);
      }
      throw error;
    }
  });
}

/**
 * A first pass fetches without a question, which the fetch asks anyway. Once a commit was refused, to hear that it still is
 * the one costs less than to fetch it again.
 */
async function seenAtFirst(
  { context, gates, probe }: PassInit,
  signal: AbortSignal,
): Promise<FoundRef | undefined> {
  const { spec, log } = context;
  const isWanted = !isChosenByRule(spec.follow) && gates.some((gate) => gate.hasRefused?.() === true);
  return isWanted ? askRemote({ probe, log }, signal) : undefined;
}

/** After a rollback: the remote is not asked. */
async function publishPinned(
  init: PassInit,
  hash: string,
  isFirst: boolean,
  signal: AbortSignal,
): Promise<PassResult> {
  const { context, access, pins } = init;
  if (!isFirst && (await intactHash({ ...init, ...context })) === hash) {
    return confirm(init, hash);
  }
  await readSparsePatterns(context.spec);
  return access.run(hash, signal, async (locked) => {
    const there = await existing(locked.git, [hash], { cwd: context.root, signal });
    if (there.length === 0) {
      throw STATE_ERRORS.revision_gone({ hash });
    }
    return publishCommit(locked, init, { hash, from: hash }, isFirst, signal, pins?.remembered(hash));
  });
}

async function confirm({ context }: PassInit, hash: string): Promise<PassResult> {
  await context.emit({ kind: 'up-to-date', hash });
  return { hash, changed: false, pinned: isPinned(context.spec.follow, hash) };
}

/** The commit that our link leads to; for what it is worth, since others may have moved it. */
async function publishedHash({ context, link, layout }: PassInit): Promise<string | undefined> {
  const current = await readPublishedTree(context.root, link).catch(() => undefined);
  return current && layout.hashOf(current.tree);
}

async function publishCommit(
  context: LockedContext,
  init: PassInit,
  { hash, from }: { readonly hash: string; readonly from: string },
  isFirst: boolean,
  signal: AbortSignal,
  { isKnown = false, wasAdmitted = false }: Remembered = {},
): Promise<PassResult> {
  const { layout, link } = init;
  const { root, spec, shared, emit } = context;
  const current = await readPublishedTree(root, link);
  const form = formOf(spec, await readSparsePatterns(spec));
  const planInit = { root, link, layout, copy: init.copy, shape: shapeOf(spec), form, isKnown };
  const plan = await planFor(planInit, hash, current);
  const changed = isChange(plan);
  const isTrusted = wasAdmitted || isAdmitted(init.gates, hash);
  if (!changed && !isFirst && isTrusted) {
    layout.choose(hash, plan.path);
    return confirm(init, hash);
  }
  const previous = current && layout.hashOf(current.tree);
  if (!plan.isCurrent || !isTrusted) {
    await throwIfRefused(init.gates, { hash }, signal);
  }
  if (!isTrusted) {
    const arrival = { hash, ref: from, previous };
    for (const gate of init.gates) {
      await gate.admit?.(arrival, signal);
    }
  }
  const change = { local: previous ?? '', remote: hash, changed };
  if (isChosenByRule(spec.follow) && from !== hash) {
    context.log.info('the newest tag that matches', { ref: watchedRef(spec.follow), tag: from, hash });
  }
  await emit({ kind: 'update-required', change });
  await shared.current().setRef(`refs/heads/${OWN_BRANCH}`, hash);
  const unused = () => staleTrees(context, cleanUpOptions(init, hash, [current?.tree]));
  const planApart = () => planFor({ ...planInit, isStrict: true }, hash, current);
  const applyInit = { ...init, previous, isKnown, unused, planApart };
  const { path } = await applyPlan(context, applyInit, plan, signal).catch((error: unknown) => {
    init.gates.forEach((gate) => gate.failed?.(hash, error));
    throw error;
  });
  layout.choose(hash, path);
  await writeBranch(context, hash);
  await shared.removeIndexes();
  if (current !== undefined && current.tree !== path && isTreeOfAnyDialect(root, current.tree)) {
    await markStale(context.open.directory, relative(root, current.tree));
  }
  await emit({ kind: 'published', change });
  return { hash, changed, pinned: isPinned(spec.follow, hash) };
}

function cleanUpOptions(
  { inUse, retention, clock, reportedTrees }: PassInit,
  published: string,
  needed: readonly (string | undefined)[],
): CleanupOptions {
  return {
    published,
    needed: [...needed.filter((path) => path !== undefined), ...inUse()],
    retention,
    now: clock.now(),
    reportedTrees,
  };
}

/** Removes the worktrees that are not needed any more now that this commit is published. */
export async function cleanUpAfter(init: PassInit, published: string, signal: AbortSignal): Promise<void> {
  const { context, access, settledTrees, reuse } = init;
  const kept = await reuse.kept();
  const options = () => cleanUpOptions(init, published, [init.layout.treePath(published), kept]);
  const { needed } = options();
  const state = await settledTrees.read(needed);
  if (settledTrees.isSettled(state)) {
    return; // the usual end of a poll
  }
  const unneeded = await unneededTrees(context.root, needed);
  settledTrees.settle(unneeded.length === 0 && init.reportedTrees.size === 0 ? state : undefined);
  const hasStale = (await staleTrees(context, options(), unneeded)).length > 0;
  const hasReused = reuse.hasReused();
  if (hasStale || hasReused || init.reportedTrees.size > 0) {
    if (!hasStale) {
      init.reportedTrees.clear(); // somebody else has removed what was left
    }
    await access.run(published, signal, (locked) => cleanUp(locked, { ...options(), hasReused }, signal));
  }
}
