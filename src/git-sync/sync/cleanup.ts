/** After a change: trees nobody needs any more, then what git keeps of them. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { removeBelow } from '../../core/foreign-files/below.ts';
import type { Removal } from '../../core/foreign-files/remove-tree.ts';
import type { Log } from '../../core/log/log.ts';
import type { Git } from '../../git/run.ts';
import type { GitSyncSettings } from '../settings.ts';
import { isInside, isTreeOfAnyDialect, type Layout } from './layout.ts';
import { linksOf } from './links.ts';
import { protectOthers } from './repository/protect.ts';
import type { OpenRoot, SharedRepository } from './repository/shared-repository.ts';
import { gitDirOfTree, isMovedUp } from './repository/tree-check.ts';
import { forgetLostTrees } from './repository/tree-records.ts';

export interface CleanupInit {
  readonly root: string;
  readonly layout: Layout;
  readonly settings: GitSyncSettings;
  readonly git: Git;
  readonly shared: SharedRepository;
  readonly log: Log;
  readonly now: () => number;
  /** Stale trees of which some could not be removed and the log has been told. */
  readonly reportedTrees: Set<string>;
  /** Trees that hooks are working in. */
  readonly inUse: () => readonly string[];
}

/** A directory that is named like a tree is somebody's own unless v3 named it, or git made it out of our repository. */
async function isOurTree(root: string, path: string): Promise<boolean> {
  const gitDir = await gitDirOfTree(path);
  const isOfOurs = gitDir !== undefined && isInside(join(root, '.git'), gitDir);
  return basename(path).startsWith('rev-') || isOfOurs || (await isMovedUp(root, path));
}

async function entriesOf(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.map((name) => join(directory, name));
}

/** v4 owns every entry of `.worktrees`; in a v3 root only what is named like a tree is ours. */
async function candidates({ root }: CleanupInit): Promise<string[]> {
  const v4 = join(root, '.worktrees');
  // A link in its place leads to what is not ours.
  const isOurs = (await realpath(v4).catch(() => undefined)) === v4;
  const found = isOurs ? await entriesOf(v4) : [];
  for (const path of await entriesOf(root)) {
    if (isTreeOfAnyDialect(root, path) && (await isOurTree(root, path))) {
      found.push(path);
    }
  }
  return found;
}

async function ageOf(path: string, now: number): Promise<number> {
  const status = await lstat(path).catch(() => undefined);
  return status === undefined ? 0 : now - status.mtimeMs;
}

/** The trees that may go: read without the root's lock, on every pass. */
export async function staleTrees(init: CleanupInit, current: string): Promise<string[]> {
  const linked = (await linksOf(init.root)).map(({ target }) => target);
  const kept = new Set([current, ...linked, ...init.inUse()]);
  const holders = new Set([...kept].map((path) => dirname(path)));
  const limit = init.settings.staleWorktreeTimeoutMs;
  const stale: string[] = [];
  for (const path of await candidates(init)) {
    // A tree being rebuilt is one level deeper than the others.
    if (kept.has(path) || holders.has(path)) {
      continue;
    }
    if (limit === 0 || (await ageOf(path, init.now())) > limit) {
      stale.push(path);
    } else {
      init.log.at(4, 'skipping stale worktree that is too young', { path });
    }
  }
  return stale;
}

/** Told once for each tree, though every clean-up tries again: an application may leave files of another user in it. */
function reportKept({ log, reportedTrees }: CleanupInit, path: string, { kept }: Removal): void {
  const [first] = kept;
  if (first === undefined) {
    reportedTrees.delete(path);
  } else if (!reportedTrees.has(path)) {
    reportedTrees.add(path);
    log.warn('a stale worktree cannot be removed whole; this is tried again', {
      path,
      file: first.path,
      reason: first.code,
    });
  }
}

const GC_FLAGS: Readonly<Record<GitSyncSettings['gc'], readonly string[] | undefined>> = {
  auto: ['--auto'],
  always: [],
  aggressive: ['--aggressive'],
  off: undefined,
};

/** Removes stale trees and lets git forget them; whatever fails is the caller's to log, nothing published is touched. */
export async function cleanup(
  init: CleanupInit,
  root: OpenRoot,
  current: string,
  signal: AbortSignal,
): Promise<void> {
  const stale = await staleTrees(init, current);
  if (stale.length === 0) {
    return;
  }
  for (const path of stale) {
    init.log.at(1, 'removing worktree', { path });
    const removal = await removeBelow(root.directory, relative(init.root, path), signal);
    reportKept(init, path, removal);
  }
  await forgetLostTrees(init.root, root.gitDirectory);
  const flags = GC_FLAGS[init.settings.gc];
  if (flags) {
    const call = { cwd: init.shared.current().gitDir, signal };
    await protectOthers(init.shared, root, init.git, call);
    await init.git.run(['gc', ...flags], call);
  }
}
