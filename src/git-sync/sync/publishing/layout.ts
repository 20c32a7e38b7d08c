/** Where the two generations of git-sync keep their trees, below the root. */
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { isFullHash } from '../../../git/object-name.ts';
import { SECOND_TREE_DIRS, TREE_HOLDERS, TREES_DIR } from '../../../git/tree-places.ts';
import type { Dialect } from '../spec.ts';

export interface Layout {
  /** Directory whose entries are published trees. */
  readonly treesDir: string;
  /** The directory of the tree of a commit: the usual one, unless another was chosen. */
  treePath(hash: string): string;
  /** Where its tree may be: the usual place first. */
  placesOf(hash: string): readonly string[];
  /** Says in which of them it is for this sync. */
  choose(hash: string, path: string): void;
  /** The commit a tree directory is named for, or undefined for anything else. */
  hashOf(treePath: string): string | undefined;
}

/** Commits that hooks may still work in, and more. */
const MOST_CHOSEN = 100;

const stripRevision = (name: string) => (name.startsWith('rev-') ? name.slice(4) : name);

/** v4 uses `<root>/.worktrees/<hash>`, v3 `<root>/rev-<hash>`. */
export function layoutOf(dialect: Dialect, root: string): Layout {
  const treesDir = dialect === 'v4' ? join(root, TREES_DIR) : root;
  const prefix = dialect === 'v4' ? '' : 'rev-';
  const usual = (hash: string) => join(treesDir, prefix + hash);
  const chosen = new Map<string, string>();
  return {
    treesDir,
    treePath: (hash) => chosen.get(hash) ?? usual(hash),
    placesOf: (hash) => [
      usual(hash),
      ...SECOND_TREE_DIRS.map((name) => join(root, TREES_DIR, name, prefix + hash)),
    ],
    choose(hash, path) {
      chosen.delete(hash);
      if (path !== usual(hash)) {
        chosen.set(hash, path);
        [...chosen.keys()].slice(0, -MOST_CHOSEN).forEach((old) => chosen.delete(old));
      }
    },
    hashOf(treePath) {
      const hash = stripRevision(basename(treePath));
      return isFullHash(hash) ? hash : undefined;
    },
  };
}

/** Whether a directory in the root is a tree of either generation, and so may be cleaned away when it is stale. */
export function isTreeOfAnyDialect(root: string, path: string): boolean {
  const parent = dirname(path);
  const named = isFullHash(stripRevision(basename(path)));
  const holders = ['', TREES_DIR, ...SECOND_TREE_DIRS.map((name) => join(TREES_DIR, name))];
  return named && holders.some((name) => parent === join(root, name));
}

/** Whether a path, of whatever root, leads through a place that only trees have. */
export function namesTree(path: string): boolean {
  return path.split('/').some((part) => part === TREES_DIR || isFullHash(stripRevision(part)));
}

/** A tree in a root, and the way from its top on; empty for the top itself. */
export interface InTree {
  readonly tree: string;
  readonly below: string;
}

/** The tree that a path leads into, whichever git-sync made it; a path that is in none stands for itself. */
export function splitAtTree(root: string, path: string): InTree {
  const parts = isInside(root, path) ? relative(root, path).split('/') : [];
  const holder = parts[0] === TREES_DIR ? (TREE_HOLDERS.includes(parts[1] ?? '') ? 2 : 1) : 0;
  const isOurs = holder > 0 || isFullHash(stripRevision(parts[0] ?? ''));
  return isOurs && parts.length > holder
    ? { tree: join(root, ...parts.slice(0, holder + 1)), below: parts.slice(holder + 1).join('/') }
    : { tree: path, below: '' };
}

/**
 * Whether a path is, or leads into, what git-sync keeps in a root for itself: what else lies there may be cleaned away.
 * A link named like a commit is only lost in v3, which takes it for the tree that it leads to.
 */
export function isOwnPlace(dialect: Dialect, root: string, path: string): boolean {
  const way = isInside(root, path) ? relative(root, path) : '';
  const [first = ''] = way.split('/');
  const isRevision = first.startsWith('rev-') && isFullHash(stripRevision(first));
  return first === '.git' || first === TREES_DIR || isRevision || (dialect === 'v3' && isFullHash(way));
}

/** Whether `path` is strictly below `directory`; both absolute, compared as text. */
export function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

/** A path that is absolute, or relative to a base; empty stays empty. */
export function absolute(path: string, base: string): string {
  return path === '' ? '' : resolve(base, path);
}
