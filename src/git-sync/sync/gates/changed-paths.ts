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
  const list = (from: string) =>
    git.run(
      [
        '-c',
        'core.quotePath=false',
        'diff-tree',
        '-r',
        '--name-only',
        '--no-renames',
        `--output=${file}`,
        from,
        hash,
      ],
      { cwd: root, signal },
    );
  const empty = EMPTY_TREES[formatOf(hash)];
  await list(previous ?? empty).catch((error: unknown) => {
    if (previous === undefined || signal.aborted) {
      throw error;
    }
    return list(empty);
  });
  return file;
}
