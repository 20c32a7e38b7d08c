/** Which paths a commit changes, as a file: there may be more of them than fit into a variable. */
import { join } from 'node:path';
import { formatOf, type ObjectFormat } from '../../../git/object-name.ts';
import type { Git } from '../../../git/run.ts';
import type { Candidate } from '../gate.ts';

export interface ChangedPathsInit {
  readonly git: Git;
  readonly root: string;
  /** A private directory. */
  readonly place: string;
}

/** Git knows them without having them. */
const EMPTY_TREES: Readonly<Record<ObjectFormat, string>> = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

export interface TreeDiff {
  readonly root: string;
  /** Undefined for nothing: then all paths of `to` differ. */
  readonly from: string | undefined;
  readonly to: string;
  /** More options of git-diff-tree(1). */
  readonly options: readonly string[];
}

/** Has git list the paths that differ between two commits, in the form that the options say. */
export function diffTree(
  git: Git,
  { root, from, to, options }: TreeDiff,
  signal: AbortSignal,
  onStdout?: (chunk: Buffer) => void,
): Promise<string> {
  const args = ['diff-tree', '-r', '--name-only', '--no-renames', ...options];
  return git.run(
    ['-c', 'core.quotePath=false', ...args, from ?? EMPTY_TREES[formatOf(to)], to],
    onStdout === undefined ? { cwd: root, signal } : { cwd: root, signal, onStdout },
  );
}

/**
 * Writes the paths that differ between what is published and a candidate, a line each, as git writes them (in quotes where
 * there is a control character or a quote). All paths where nothing was published, or it is not known any more.
 * @returns the file's path; the next call writes the same file
 */
export async function changedPaths(
  { git, root, place }: ChangedPathsInit,
  { hash, previous }: Candidate,
  signal: AbortSignal,
): Promise<string> {
  const file = join(place, 'changed-paths');
  const list = (from: string | undefined) =>
    diffTree(git, { root, from, to: hash, options: [`--output=${file}`] }, signal);
  await list(previous).catch((error: unknown) => {
    if (previous === undefined || signal.aborted) {
      throw error;
    }
    return list(undefined);
  });
  return file;
}
