/** One worktree: built where no link leads, filled by git, checked against its commit. */
import { rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { errorMessage } from '../../../core/errors.ts';
import { removeBelow, withDirectory, withMadeDirectory } from '../../../core/foreign-files/below.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { randomId } from '../../../core/random-id.ts';
import {
  type CheckedOutModule,
  type CheckedOutTree,
  checkOutModules,
  type ModuleContext,
  verifyModules,
} from '../../../git/submodules/checkout.ts';
import { recordName, TREES_DIR } from '../../../git/tree-places.ts';
import type { LockedContext, SyncContext } from '../context.ts';
import type { TreeFacts } from '../reuse/examine.ts';
import { moduleKey } from './module-key.ts';
import type { OpenRoot } from './shared-repository.ts';
import { checkSparsePaths, readSparsePatterns } from './sparse.ts';
import type { WholeTree } from './tree-view.ts';

/** Parallel checkout pays from some hundred files on; git itself falls back below its threshold. */
const CHECKOUT_WORKERS = ['-c', 'checkout.workers=2'];
const SPARSE = ['-c', 'core.sparseCheckout=true', '-c', 'core.sparseCheckoutCone=true'];

function inTree<T>(
  { root, open }: LockedContext,
  path: string,
  use: (cwd: string) => Promise<T>,
): Promise<T> {
  return withDirectory(open.directory, relative(root, path), (opened) =>
    opened === undefined
      ? Promise.reject(new Error(`${path} is no directory below the root`))
      : use(opened.pathForChildren),
  );
}

/** Addresses that the user has configured for submodules, by their name. */
function urlOverrides({ spec }: SyncContext): ReadonlyMap<string, string> {
  const found = spec.gitConfig.flatMap(({ key, value }): [string, string][] => {
    const name = /^submodule\.(.+)\.url$/i.exec(key)?.[1];
    return name === undefined ? [] : [[name, value]];
  });
  return new Map(found);
}

function moduleContext(context: LockedContext): ModuleContext {
  const { git, log, spec, shared, open } = context;
  return {
    git,
    log,
    repositoryFor: (url, commit) => shared.moduleRepository(open, moduleKey(url), url, commit),
    inTree: (path, use) => inTree(context, path, use),
    newIndexFile: () => shared.newIndexFile(),
    depth: spec.depth,
    isRecursive: spec.submodules === 'recursive',
    urlOverrides: urlOverrides(context),
  };
}

/** Puts the files of a commit into a new directory, and tells git's index of them in `indexFile`. */
export async function checkOutFiles(
  context: LockedContext,
  { path, commit, repository, indexFile }: CheckedOutTree,
  cwd: string,
  patterns: string | undefined,
  signal: AbortSignal,
  config: readonly string[] = [],
): Promise<void> {
  const { git, log, spec, emit } = context;
  const patternFile = join(repository.gitDir, 'info/sparse-checkout');
  if (patterns !== undefined) {
    log.at(1, 'configuring worktree sparse checkout', { path, sparseFile: spec.sparseCheckoutFile });
    await writeFile(patternFile, patterns);
  }
  try {
    await emit({ kind: 'resetting-worktree', path, hash: commit });
    const sparse = patterns === undefined ? [] : SPARSE;
    await git.run([...CHECKOUT_WORKERS, ...sparse, ...config, 'read-tree', '--reset', '-u', commit], {
      cwd,
      signal,
      env: repository.treeEnv(indexFile),
    });
  } finally {
    await rm(patternFile, { force: true });
  }
}

/**
 * Removes what is at the place of a tree. What cannot be removed, often files of another user, is moved to where the
 * clean-up goes on trying: no commit must stay unpublished for it.
 */
export async function makeRoom(
  { root, open, log }: LockedContext,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { kept } = await removeBelow(open.directory, relative(root, path), signal);
  if (kept.length === 0) {
    return;
  }
  const aside = `${basename(path)}.kept-${randomId()}`;
  log.warn('what cannot be removed is moved out of the way of a worktree', { path, to: aside });
  await withMadeDirectory(open.directory, TREES_DIR, 0o777, (trees) =>
    withMadeDirectory(open.directory, relative(root, dirname(path)), 0o777, (holder) =>
      holder.rename(basename(path), trees, aside),
    ),
  );
}

/** Fills a directory that no other user can enter before it is whole: git looks at what is there before it writes. */
async function fillNewDirectory(
  { root, open }: LockedContext,
  path: string,
  fill: (directory: ForeignDirectory) => Promise<void>,
): Promise<void> {
  await withMadeDirectory(open.directory, relative(root, dirname(path)), 0o777, async (holder) => {
    const { directory, unlock } = await holder.makePrivate(basename(path));
    try {
      await fill(directory);
      await unlock();
    } finally {
      await directory.close();
    }
  });
}

export function treeOf({ spec, shared }: LockedContext, path: string, hash: string): CheckedOutTree {
  const repository = shared.current();
  return { path, commit: hash, url: spec.repo, repository, indexFile: shared.newIndexFile() };
}

/** Notes what a tree is like while nobody else can enter it. */
export type InspectTree = (
  directory: ForeignDirectory,
  tree: CheckedOutTree,
) => Promise<TreeFacts | undefined>;

/**
 * Makes the worktree of a commit at a path that no link leads to: what a crash left there is removed, then come the
 * files by the sparse patterns, then the submodules.
 */
export async function buildTree(
  context: LockedContext,
  path: string,
  hash: string,
  signal: AbortSignal,
  inspect: InspectTree = async () => undefined,
): Promise<WholeTree> {
  const { spec, emit, git, log, root } = context;
  await checkSparsePaths({ git, log, cwd: root }, spec.sparsePaths, hash, signal);
  await emit({ kind: 'adding-worktree', path, hash });
  await makeRoom(context, path, signal);
  await context.lfs?.markUnused();
  const patterns = await readSparsePatterns(context.spec);
  const tree = treeOf(context, path, hash);
  let modules: readonly CheckedOutModule[] = [];
  let facts: TreeFacts | undefined;
  await fillNewDirectory(context, path, async (directory) => {
    await checkOutFiles(context, tree, directory.pathForChildren, patterns, signal);
    if (spec.submodules !== 'off') {
      const onFound = () => emit({ kind: 'updating-submodules' });
      modules = await checkOutModules(moduleContext(context), tree, signal, onFound);
    }
    facts = await inspect(directory, tree);
  });
  await context.lfs?.removeUnused();
  return { path, hash, indexFile: tree.indexFile, sparsePatterns: patterns, modules, facts };
}

/** The patterns that a worktree was made with, as they were written down for its readers: only compared, never used. */
async function writtenPatterns({ gitDirectory }: OpenRoot, path: string): Promise<string | undefined> {
  return withDirectory(gitDirectory, `worktrees/${recordName(path)}/info`, async (info) =>
    info?.readText('sparse-checkout'),
  );
}

/** @throws when git finds other content than the commit's */
async function compareFiles(
  context: LockedContext,
  { path, commit, repository, indexFile }: CheckedOutTree,
  patterns: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { git, spec } = context;
  // -change-permissions changes modes on purpose.
  const modes = spec.changePermissions === 0 ? [] : ['-c', 'core.fileMode=false'];
  const missing = patterns === undefined ? [] : ['--ignore-missing'];
  await inTree(context, path, async (cwd) => {
    const call = { cwd, signal, env: repository.treeEnv(indexFile) };
    await git.run(['read-tree', commit], call);
    await git.run([...modes, 'update-index', '--ignore-submodules', ...missing, '--refresh'], call);
  });
}

/**
 * The published worktree with a fresh index, if it has the files that its commit and the sparse patterns ask for. Asked
 * at the first pass of a process: git compares content, not the times in an index that a neighbour could have written,
 * and it never writes into the worktree, where consumers may be reading. Files that sparse patterns leave out and files
 * that were deleted look the same: with patterns a missing file is not noticed.
 */
export async function verifyTree(
  context: LockedContext,
  path: string,
  hash: string,
  signal: AbortSignal,
): Promise<WholeTree | undefined> {
  const { log, spec, open } = context;
  const patterns = await readSparsePatterns(context.spec);
  if (patterns !== (await writtenPatterns(open, path))) {
    return undefined;
  }
  const tree = treeOf(context, path, hash);
  try {
    await compareFiles(context, tree, patterns, signal);
    const modules =
      spec.submodules === 'off' ? [] : await verifyModules(moduleContext(context), tree, signal);
    return modules && { path, hash, indexFile: tree.indexFile, sparsePatterns: patterns, modules };
  } catch (error) {
    signal.throwIfAborted();
    log.at(1, 'the worktree is not as committed', { path, reason: errorMessage(error) });
    return undefined;
  }
}
