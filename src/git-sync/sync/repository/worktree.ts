/** One tree: made where nobody reads yet, filled by git, checked against its commit. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { errorMessage } from '../../../core/errors.ts';
import { removeTree } from '../../../core/files.ts';
import { withDirectory, withMadeDirectory } from '../../../core/foreign-files/below.ts';
import type { Log } from '../../../core/log/log.ts';
import type { Git } from '../../../git/run.ts';
import {
  type CheckedOutModule,
  checkOutModules,
  type ModuleContext,
  verifyModules,
} from '../../../git/submodules/checkout.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { createTeller } from '../messages.ts';
import { moduleKey } from './module-key.ts';
import type { OpenRoot, SharedRepository } from './shared-repository.ts';
import type { WholeTree } from './tree-view.ts';

/** Parallel checkout pays from some hundred files on; git itself falls back below its threshold. */
const CHECKOUT_WORKERS = ['-c', 'checkout.workers=2'];
const SPARSE = ['-c', 'core.sparseCheckout=true', '-c', 'core.sparseCheckoutCone=true'];

export interface WorktreeInit {
  readonly root: string;
  readonly git: Git;
  readonly log: Log;
  readonly settings: GitSyncSettings;
  readonly shared: SharedRepository;
}

/** The patterns of `--sparse-checkout-file`; undefined when there is none. */
export async function readSparsePatterns({ settings }: WorktreeInit): Promise<string | undefined> {
  return settings.sparseCheckoutFile === '' ? undefined : readFile(settings.sparseCheckoutFile, 'utf8');
}

function inTree<T>(
  init: WorktreeInit,
  { directory }: OpenRoot,
  path: string,
  use: (cwd: string) => Promise<T>,
): Promise<T> {
  return withDirectory(directory, relative(init.root, path), (opened) =>
    opened === undefined
      ? Promise.reject(new Error(`${path} is no directory below the root`))
      : use(opened.pathForChildren),
  );
}

/** Addresses that the user has configured for submodules, by their name. */
function urlOverrides({ settings }: WorktreeInit): ReadonlyMap<string, string> {
  const found = settings.gitConfig.flatMap(({ key, value }): [string, string][] => {
    const name = /^submodule\.(.+)\.url$/i.exec(key)?.[1];
    return name === undefined ? [] : [[name, value]];
  });
  return new Map(found);
}

function moduleContext(init: WorktreeInit, root: OpenRoot): ModuleContext {
  const { git, log, settings, shared } = init;
  return {
    git,
    log,
    repositoryFor: (url, commit) => shared.moduleRepository(root, moduleKey(url), url, commit),
    inTree: (path, use) => inTree(init, root, path, use),
    newIndexFile: () => shared.newIndexFile(),
    depth: settings.depth,
    isRecursive: settings.submodules === 'recursive',
    urlOverrides: urlOverrides(init),
  };
}

/** Removes a tree that is not published. */
export async function dropTree(path: string): Promise<void> {
  await removeTree(path);
}

/**
 * Makes the tree of a commit at a path that nobody reads yet: whatever a crash left there goes first, then the files
 * by the sparse patterns, then the submodules.
 */
export async function buildTree(
  init: WorktreeInit,
  root: OpenRoot,
  path: string,
  hash: string,
  signal: AbortSignal,
): Promise<WholeTree> {
  const { git, log, settings, shared } = init;
  const teller = createTeller(settings, log);
  teller.addingWorktree(path, hash);
  await removeTree(path);
  const patterns = await readSparsePatterns(init);
  const repository = shared.current();
  const indexFile = shared.newIndexFile();
  const patternFile = join(repository.gitDir, 'info/sparse-checkout');
  if (patterns !== undefined) {
    log.at(1, 'configuring worktree sparse checkout', { path, sparseFile: settings.sparseCheckoutFile });
    await writeFile(patternFile, patterns);
  }
  try {
    await withMadeDirectory(root.directory, relative(init.root, path), 0o777, async (opened) => {
      teller.resetting(path, hash);
      const sparse = patterns === undefined ? [] : SPARSE;
      await git.run([...CHECKOUT_WORKERS, ...sparse, 'read-tree', '--reset', '-u', hash], {
        cwd: opened.pathForChildren,
        signal,
        env: repository.treeEnv(indexFile),
      });
    });
  } finally {
    await rm(patternFile, { force: true });
  }
  const tree = { path, commit: hash, url: settings.repo, repository, indexFile };
  let modules: readonly CheckedOutModule[] = [];
  if (settings.submodules !== 'off') {
    modules = await checkOutModules(moduleContext(init, root), tree, signal, () => teller.submodules());
  }
  return { path, hash, indexFile, sparsePatterns: patterns, modules };
}

/** The patterns that a tree was made with, as they were written down for its readers: only compared, never used. */
async function writtenPatterns(root: OpenRoot, name: string): Promise<string | undefined> {
  return withDirectory(root.gitDirectory, `worktrees/${name}/info`, async (info) =>
    info?.readText('sparse-checkout'),
  );
}

/**
 * The published tree with a fresh index, if it has the files that its commit and the sparse patterns ask for. Asked at
 * the first pass of a process: git compares content, not the times that somebody's index remembers, and it never writes
 * into the tree, where somebody may be reading. Files that sparse patterns leave out and files that somebody deleted
 * look the same: with patterns a missing file is not noticed.
 */
export async function verifyTree(
  init: WorktreeInit,
  root: OpenRoot,
  path: string,
  hash: string,
  signal: AbortSignal,
): Promise<WholeTree | undefined> {
  const { git, log, settings, shared } = init;
  const repository = shared.current();
  const indexFile = shared.newIndexFile();
  const patterns = await readSparsePatterns(init);
  if (patterns !== (await writtenPatterns(root, relative(dirname(path), path)))) {
    return undefined;
  }
  // -change-permissions changes modes on purpose.
  const modes = settings.changePermissions === 0 ? [] : ['-c', 'core.fileMode=false'];
  const missing = patterns === undefined ? [] : ['--ignore-missing'];
  try {
    await inTree(init, root, path, async (cwd) => {
      const call = { cwd, signal, env: repository.treeEnv(indexFile) };
      await git.run(['read-tree', hash], call);
      await git.run([...modes, 'update-index', '--ignore-submodules', ...missing, '--refresh'], call);
    });
    const tree = { path, commit: hash, url: settings.repo, repository, indexFile };
    const modules =
      settings.submodules === 'off' ? [] : await verifyModules(moduleContext(init, root), tree, signal);
    return modules && { path, hash, indexFile, sparsePatterns: patterns, modules };
  } catch (error) {
    signal.throwIfAborted();
    log.at(1, 'the worktree is not as committed', { path, reason: errorMessage(error) });
    return undefined;
  }
}
