/** After a change: worktrees that are not needed any more, then what git keeps of them. */
import { basename, dirname, join, relative } from 'node:path';
import { removeBelow } from '../../../core/foreign-files/below.ts';
import type { Removal } from '../../../core/foreign-files/remove-tree.ts';
import type { Log } from '../../../core/log/log.ts';
import { SECOND_TREE_DIRS, TREES_DIR } from '../../../git/tree-places.ts';
import type { LockedContext, SyncContext } from '../context.ts';
import { isInside, isTreeOfAnyDialect } from '../publishing/layout.ts';
import { linksOf } from '../publishing/links.ts';
import { withTree } from '../publishing/place.ts';
import { cleanModules } from '../repository/clean-modules.ts';
import { entriesOf } from '../repository/directories.ts';
import { protectOthers } from '../repository/protect.ts';
import { gitDirOfTree, isMovedUp } from '../repository/tree-check.ts';
import { forgetLostTrees } from '../repository/tree-records.ts';
import { writeShallow } from '../repository/tree-view.ts';
import type { SyncSpec } from '../spec.ts';
import type { Retention, TreeInfo } from './retention.ts';

export interface CleanupOptions {
  /** The published commit. */
  readonly published: string;
  /** Absolute paths of worktrees that are needed: the published one, and those that hooks work in. */
  readonly needed: readonly string[];
  readonly retention: Retention;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Stale worktrees of which the log says already that some of it cannot be removed. */
  readonly reportedTrees: Set<string>;
  /** A worktree has become another one: what git knows of it is to be cleaned up as if it had been removed. */
  readonly hasReused?: boolean;
}

/** A directory named like a worktree is only ours if v3 named it, or git made it from our repository. */
async function isOurTree(root: string, path: string): Promise<boolean> {
  const gitDir = await gitDirOfTree(path);
  const isOfOurs = gitDir !== undefined && isInside(join(root, '.git'), gitDir);
  return basename(path).startsWith('rev-') || isOfOurs || (await isMovedUp(root, path));
}

/** v4 owns every entry of `.worktrees`; in a v3 root only what is named like a worktree is ours. */
async function candidates(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await entriesOf(root, join(root, TREES_DIR))) {
    const trees = SECOND_TREE_DIRS.includes(basename(path)) ? await entriesOf(root, path) : [];
    found.push(...(trees.length > 0 ? trees : [path]));
  }
  for (const path of await entriesOf(root, root)) {
    if (isTreeOfAnyDialect(root, path) && (await isOurTree(root, path))) {
      found.push(path);
    }
  }
  return found;
}

async function treeInfo(root: string, path: string, now: number): Promise<TreeInfo> {
  const status = await withTree(root, dirname(path), async (holder) => holder?.stat(basename(path))).catch(
    () => undefined,
  );
  return { path, changedAt: status?.mtimeMs ?? now };
}

/** Those that neither are in use nor hold one that is: a worktree that is being rebuilt is one level deeper than others. */
function without(paths: readonly string[], used: readonly string[]): string[] {
  const kept = new Set([...used, ...used.map((path) => dirname(path))]);
  return paths.filter((path) => !kept.has(path));
}

/** All worktrees but those that are needed. */
export async function unneededTrees(root: string, needed: readonly string[]): Promise<string[]> {
  return without(await candidates(root), needed);
}

/** The worktrees that may go. Only reads, so it needs no lock. */
export async function staleTrees(
  { root, log }: SyncContext,
  { needed, retention, now }: CleanupOptions,
  found?: readonly string[],
): Promise<string[]> {
  const unneeded = found ?? (await unneededTrees(root, needed));
  if (unneeded.length === 0) {
    return []; // without reading the links
  }
  const linked = (await linksOf(root)).map(({ tree }) => tree);
  const unused = without(unneeded, [...needed, ...linked]);
  const kept = retention(await Promise.all(unused.map(async (path) => treeInfo(root, path, now))), now);
  kept.forEach((path) => log.at(4, 'skipping stale worktree that is too young', { path }));
  return unused.filter((path) => !kept.has(path));
}

/** Once for each worktree, though every clean-up tries again: an application may leave files of another user in it. */
function reportKept(log: Log, reported: Set<string>, path: string, { kept }: Removal): void {
  const [first] = kept;
  if (first === undefined) {
    reported.delete(path);
  } else if (!reported.has(path)) {
    reported.add(path);
    log.warn('a stale worktree cannot be removed whole; this is tried again', {
      path,
      file: first.path,
      reason: first.code,
    });
  }
}

const GC_FLAGS: Readonly<Record<SyncSpec['gc'], readonly string[] | undefined>> = {
  auto: ['--auto'],
  always: [],
  aggressive: ['--aggressive'],
  off: undefined,
};

/** Removes stale worktrees and lets git forget them. Nothing published is touched, whatever fails. */
export async function cleanUp(
  context: LockedContext,
  options: CleanupOptions,
  signal: AbortSignal,
): Promise<void> {
  const { root, git, log, spec, shared, open, emit } = context;
  const stale = await staleTrees(context, options);
  let removed = 0;
  let keptTrees = 0;
  for (const path of stale) {
    log.at(1, 'removing worktree', { path });
    const removal = await removeBelow(open.directory, relative(root, path), signal);
    reportKept(log, options.reportedTrees, path, removal);
    removed += removal.removed;
    keptTrees += removal.kept.length === 0 ? 0 : 1;
  }
  await emit({ kind: 'cleaned-up', keptTrees });
  if (removed === 0 && options.hasReused !== true) {
    return; // nothing has changed since git last cleaned up
  }
  await forgetLostTrees(root, open.gitDirectory);
  const flags = GC_FLAGS[spec.gc];
  if (flags) {
    const call = { cwd: shared.current().gitDir, signal };
    await protectOthers(shared, open, git, call);
    await git.run(['gc', ...flags], call);
    await writeShallow(context);
    await cleanModules(context, flags, options.published, signal);
  }
}
