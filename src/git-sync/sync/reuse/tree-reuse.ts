/**
 * Lets a stale tree become the next one: a change in a large tree then costs what has changed, and nothing is deleted. At
 * most one stale tree is kept for it, the oldest, and only one that this process has filled itself.
 */
import type { Clock } from '../../../core/clock.ts';
import { errorMessage } from '../../../core/errors.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { favourWork } from '../../../core/process/lean.ts';
import { countEntries } from '../../../git/index-entries.ts';
import type { CheckedOutTree } from '../../../git/submodules/checkout.ts';
import { listTree } from '../../../git/tree-listing.ts';
import type { LockedContext, SyncContext } from '../context.ts';
import type { WholeTree } from '../repository/tree-view.ts';
import { hasPlainConfig, hasRoomFor, isLargeEnough, isOnSuitableDisk, mayReuse } from './conditions.ts';
import { examine, type TreeFacts } from './examine.ts';
import { forgetFacts, type KnownTree, keepFacts } from './kept-files.ts';
import { resetTree } from './reset-tree.ts';

/** Whoever has found a tree by the link shall have read it by then. */
const MIN_AGE_MS = 60_000;

export interface TreeReuse {
  /** Notes what a tree is like that was just filled, while nobody else can enter it; undefined when it is not to be kept. */
  inspect(
    context: LockedContext,
    directory: ForeignDirectory,
    tree: CheckedOutTree,
    signal: AbortSignal,
  ): Promise<TreeFacts | undefined>;
  /**
   * Makes the kept tree that of a commit, if it is old enough and nobody uses it.
   * @param unused the trees that may go
   */
  take(
    context: LockedContext,
    target: { readonly path: string; readonly hash: string },
    unused: () => Promise<readonly string[]>,
    signal: AbortSignal,
  ): Promise<WholeTree | undefined>;
  /** Says which tree is published from now on, and what is known of it. */
  published(path: string, tree: WholeTree | undefined): Promise<void>;
  /** The path of the tree that is kept, as long as there is room for one more. */
  kept(): Promise<string | undefined>;
  /** Whether a tree has been reused since this was asked: what it was before is not cleaned up yet. */
  hasReused(): boolean;
  /** Gives the kept tree up; its path. */
  drop(): Promise<string | undefined>;
}

interface Spare extends KnownTree {
  /** When it was replaced; on the monotonic clock. */
  readonly since: number;
}

export function createTreeReuse({ spec, root, shared, log }: SyncContext, clock: Clock): TreeReuse {
  let current: KnownTree | undefined;
  let spare: Spare | undefined;
  let hasReused = false;
  let isPossible = mayReuse(spec);

  let isConfigPlain: boolean | undefined;

  const drop = async () => {
    const dropped = spare;
    spare = undefined;
    await (dropped && forgetFacts(dropped));
    return dropped?.path;
  };
  const keep = async (tree: WholeTree): Promise<KnownTree | undefined> =>
    tree.facts && keepFacts(tree, tree.facts, () => shared.newPrivateFile());

  return {
    drop,
    async inspect(context, directory, tree, signal) {
      const files = isPossible ? await countEntries(tree.indexFile) : undefined;
      if (files === undefined || !isLargeEnough(spec, files)) {
        return undefined;
      }
      favourWork();
      try {
        isConfigPlain ??= await hasPlainConfig(context, signal);
        isPossible = isConfigPlain && (await isOnSuitableDisk(context));
        return isPossible ? await examine(context, directory, tree, signal) : undefined;
      } catch (error) {
        signal.throwIfAborted();
        log.at(1, 'a worktree will not be reused', { path: tree.path, reason: errorMessage(error) });
        return undefined;
      }
    },
    async take(context, target, unused, signal) {
      const from = spare;
      const age = Math.max(MIN_AGE_MS, spec.staleWorktreeTimeoutMs);
      if (from === undefined || clock.monotonic() - from.since < age) {
        return undefined;
      }
      if (!(await unused()).includes(from.path)) {
        await drop(); // the next one may be free, and this one goes when it is
        return undefined;
      }
      try {
        const listing = await listTree(context.git, shared.current(), target.hash, signal);
        if (listing === undefined || listing.attributes !== from.attributes) {
          throw new Error('the attributes of files differ');
        }
        if (listing.hasGitlinks && spec.submodules !== 'off') {
          throw new Error('the commit has submodules');
        }
        log.at(1, 'reusing a stale worktree', { from: from.path, path: target.path, hash: target.hash });
        const tree = await resetTree(context, from, { ...target, listing }, signal);
        hasReused = true;
        return tree;
      } catch (error) {
        signal.throwIfAborted();
        log.info('a stale worktree cannot be reused, making a new one', {
          path: from.path,
          reason: errorMessage(error),
        });
        return undefined;
      } finally {
        await drop();
      }
    },
    async published(path, tree) {
      const former = current;
      current = undefined;
      if (former !== undefined && former.path !== path && spare === undefined) {
        spare = { ...former, since: clock.monotonic() };
      } else {
        await (former && forgetFacts(former));
      }
      if (spare?.path === path) {
        await drop();
      }
      // Its index and what is known of it are this process's alone: without them it goes like any other.
      current = tree && (await keep(tree).catch(() => undefined));
    },
    async kept() {
      const tree = spare;
      if (tree !== undefined && !(await hasRoomFor(root, tree).catch(() => false))) {
        log.info('there is no room for one more worktree: the stale one is not kept', { path: tree.path });
        await drop();
      }
      return spare?.path;
    },
    hasReused() {
      const was = hasReused;
      hasReused = false;
      return was;
    },
  };
}
