/** One published tree: made beside, filled by git, checked without it. */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { errorMessage } from '../../../core/errors.ts';
import { readTextIfExists, removeTree, writeFileAtomic } from '../../../core/files.ts';
import type { Log } from '../../../core/log/log.ts';
import type { Git } from '../../../git/run.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { isInside } from '../layout.ts';
import { createTeller } from '../messages.ts';
import { gitDirOfTree, headOfTree } from './files.ts';

/** Parallel checkout pays from some hundred files on; git itself falls back below its threshold. */
const CHECKOUT_WORKERS = 'checkout.workers=2';

export interface WorktreeInit {
  readonly root: string;
  readonly git: Git;
  readonly log: Log;
  readonly settings: GitSyncSettings;
}

export type TreeState = 'ok' | 'missing' | 'empty' | 'wrong-commit';

/** Reads a handful of entries, so that the cost does not grow with the tree. */
export async function checkTree(path: string, hash: string): Promise<TreeState> {
  const entries = await readdir(path).catch(() => undefined);
  if (entries === undefined) {
    return 'missing';
  }
  if (entries.length === 0) {
    return 'empty';
  }
  return (await headOfTree(path)) === hash ? 'ok' : 'wrong-commit';
}

/** Where a tree is built whose own place is still taken by its published, broken twin. */
export const REBUILD_DIR = '.rebuild';

/** The name of the administrative directory; a tree that is rebuilt beside its twin needs another one. */
function adminName(path: string): string {
  const suffix = basename(dirname(path)) === REBUILD_DIR ? '-rebuild' : '';
  return basename(path) + suffix;
}

const adminOf = (init: WorktreeInit, path: string) => join(init.root, '.git', 'worktrees', adminName(path));

/**
 * What `git worktree add --no-checkout --detach` writes (gitrepository-layout(5)), without its five processes.
 * The tree's `.git` is relative, so that git works when the volume is mounted elsewhere.
 */
async function writeAdmin(init: WorktreeInit, path: string, hash: string): Promise<string> {
  const admin = adminOf(init, path);
  await removeTree(admin);
  await mkdir(admin, { recursive: true });
  await mkdir(path, { recursive: true });
  await writeFile(join(admin, 'commondir'), '../..\n');
  await writeFile(join(admin, 'HEAD'), `${hash}\n`);
  await connect(init, path, admin);
  return admin;
}

/** Ties a tree and its administrative directory to each other; anew at each start, since volumes move. */
async function connect(init: WorktreeInit, path: string, admin: string): Promise<void> {
  const mode = init.settings.groupWrite ? 0o664 : 0o644;
  await writeIfDifferent(join(admin, 'gitdir'), `${join(path, '.git')}\n`, mode);
  await writeIfDifferent(join(path, '.git'), `gitdir: ${relative(path, admin)}\n`, mode);
}

/** A kill in the middle of writing must not cost a published tree what it has. */
async function writeIfDifferent(path: string, text: string, mode: number): Promise<void> {
  if ((await readTextIfExists(path)) !== text) {
    await writeFileAtomic(path, text, { mode, fsync: false });
  }
}

/** Makes the directory of a tree that is not published yet; whatever a crash left there goes first. */
export async function addTree(init: WorktreeInit, path: string, hash: string): Promise<void> {
  createTeller(init.settings, init.log).addingWorktree(path, hash);
  await removeTree(path);
  await writeAdmin(init, path, hash);
}

/** Removes a tree that is not published, and what git knows of it. */
export async function dropTree(init: WorktreeInit, path: string): Promise<void> {
  await removeTree(path);
  await removeTree(adminOf(init, path));
}

async function applySparse(init: WorktreeInit, path: string, signal: AbortSignal): Promise<void> {
  const file = init.settings.sparseCheckoutFile;
  const admin = await gitDirOfTree(path);
  if (admin === undefined) {
    return;
  }
  const target = join(admin, 'info', 'sparse-checkout');
  if (file === '') {
    await removeTree(target);
    return;
  }
  init.log.at(1, 'configuring worktree sparse checkout', { path, sparseFile: file });
  await mkdir(join(admin, 'info'), { recursive: true });
  await copyFile(file, target);
  await init.git.run(['sparse-checkout', 'init'], { cwd: path, signal });
}

async function hasSubmodules(path: string): Promise<boolean> {
  return readFile(join(path, '.gitmodules')).then(
    () => true,
    () => false,
  );
}

/** Git remembers where it found a submodule, and would look there for ever, wherever a later commit says it is. */
async function followMoves(init: WorktreeInit, path: string, signal: AbortSignal): Promise<void> {
  const config = await readTextIfExists(join(init.root, '.git', 'config'));
  if (config?.includes('[submodule "')) {
    await init.git.run(['submodule', 'sync'], { cwd: path, signal });
  }
}

async function updateSubmodules(init: WorktreeInit, path: string, signal: AbortSignal): Promise<void> {
  const { submodules, depth } = init.settings;
  if (submodules === 'off' || !(await hasSubmodules(path))) {
    return;
  }
  createTeller(init.settings, init.log).submodules();
  await followMoves(init, path, signal);
  const recursive = submodules === 'recursive' ? ['--recursive'] : [];
  const limited = depth === 0 ? [] : ['--depth', String(depth)];
  await init.git.run(['submodule', 'update', '--init', ...recursive, ...limited], { cwd: path, signal });
}

/** Brings the files of a tree that is not published yet to its commit: sparse patterns, content, submodules. */
export async function fillTree(
  init: WorktreeInit,
  path: string,
  hash: string,
  signal: AbortSignal,
): Promise<void> {
  await applySparse(init, path, signal);
  createTeller(init.settings, init.log).resetting(path, hash);
  const reset = ['-c', CHECKOUT_WORKERS, 'reset', '--hard', hash, '--'];
  await init.git.run(reset, { cwd: path, signal });
  await updateSubmodules(init, path, signal);
}

async function hasSamePatterns(init: WorktreeInit, admin: string): Promise<boolean> {
  const file = init.settings.sparseCheckoutFile;
  const [wanted, present] = await Promise.all([
    file === '' ? undefined : readFile(file, 'utf8'),
    readTextIfExists(join(admin, 'info', 'sparse-checkout')),
  ]);
  return wanted === present;
}

/**
 * Whether a published tree has the files that its commit and the sparse patterns ask for. Asked at the first pass of a
 * process; what git says takes one command, and it never writes into the tree, where somebody may be reading.
 */
export async function isUntouched(init: WorktreeInit, path: string, signal: AbortSignal): Promise<boolean> {
  const admin = await gitDirOfTree(path);
  // A tree that leads git elsewhere would have it follow another configuration.
  const isOfOurs = admin !== undefined && isInside(join(init.root, '.git', 'worktrees'), admin);
  if (!isOfOurs || !(await hasSamePatterns(init, admin))) {
    return false;
  }
  // -change-permissions changes modes on purpose.
  const modes = init.settings.changePermissions === 0 ? [] : ['-c', 'core.fileMode=false'];
  const status = ['status', '--porcelain', '--untracked-files=no', '--ignore-submodules=dirty'];
  try {
    return (await init.git.run([...modes, ...status], { cwd: path, signal })) === '';
  } catch (error) {
    signal.throwIfAborted();
    init.log.at(1, 'cannot check the worktree', { path, reason: errorMessage(error) });
    return false;
  }
}

/** Ties a whole, published tree to its repository anew, since volumes move, and sees to its submodules. */
export async function reconnectTree(init: WorktreeInit, path: string, signal: AbortSignal): Promise<void> {
  const admin = await gitDirOfTree(path);
  if (admin !== undefined) {
    await connect(init, path, admin);
  }
  await updateSubmodules(init, path, signal);
}
