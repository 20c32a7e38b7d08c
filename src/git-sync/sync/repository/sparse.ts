/** The patterns that say which files of a commit are wanted. */
import { defineErrors } from '../../../core/errors.ts';
import { readTextIfExists } from '../../../core/files.ts';
import type { Log } from '../../../core/log/log.ts';
import type { Git } from '../../../git/run.ts';
import type { SyncSpec } from '../spec.ts';
import { conePatterns, wantedDirectories } from './cone.ts';

export const SPARSE_ERRORS = defineErrors({
  sparse_file_missing: {
    message: ({ path }: { readonly path: string }) => `there is no sparse-checkout file ${path}`,
    hint: 'check --sparse-checkout-file, and that the volume with the file is mounted; nothing was fetched',
  },
  sparse_path_missing: {
    message: ({ hash, why }: { readonly hash: string; readonly why: string }) =>
      `${hash} is not published: ${why}`,
    hint: 'check --sparse-path: directories from the top of the repository; what is published stays',
  },
});

/**
 * The patterns of `--sparse-path` or `--sparse-checkout-file`; undefined when there is neither.
 * @throws PillionError `sparse_file_missing`, `read_failed`
 */
export async function readSparsePatterns({
  sparseCheckoutFile: path,
  sparsePaths,
}: Pick<SyncSpec, 'sparseCheckoutFile' | 'sparsePaths'>): Promise<string | undefined> {
  if (sparsePaths.length > 0) {
    return conePatterns(sparsePaths);
  }
  if (path === '') {
    return undefined;
  }
  const text = await readTextIfExists(path);
  if (text === undefined) {
    throw SPARSE_ERRORS.sparse_file_missing({ path });
  }
  return text;
}

/** Of `git ls-tree`, at most; longer is no list of what was asked for. */
const ENTRY = /^(\d{6}) (\w+) [0-9a-f]+\t/;

/**
 * Looks whether a commit has what `--sparse-path` names, since git takes a wrong path for an empty directory. One of several
 * that is missing is told of, and no reason to keep everything else back.
 * @throws PillionError `sparse_path_missing` when one is a file, or none is there
 */
export async function checkSparsePaths(
  { git, log, cwd }: { readonly git: Git; readonly log: Log; readonly cwd: string },
  paths: readonly string[],
  hash: string,
  signal: AbortSignal,
): Promise<void> {
  const wanted = wantedDirectories(paths);
  const missing: string[] = [];
  for (const path of wanted) {
    const args = ['--literal-pathspecs', 'ls-tree', '--full-tree', '-z', hash, '--', path];
    const type = ENTRY.exec(await git.run(args, { cwd, signal }))?.[2];
    if (type === 'blob') {
      throw SPARSE_ERRORS.sparse_path_missing({ hash, why: `${path} is a file in it, and not a directory` });
    }
    if (type === undefined) {
      missing.push(path);
    }
  }
  if (missing.length > 0 && missing.length === wanted.length) {
    throw SPARSE_ERRORS.sparse_path_missing({ hash, why: `it has no directory ${missing.join(', ')}` });
  }
  if (missing.length > 0) {
    log.warn('directories of --sparse-path are not in the commit', { hash, missing });
  }
}
