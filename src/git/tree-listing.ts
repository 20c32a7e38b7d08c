/** What a commit consists of, as far as it tells how a directory that it was checked out into has to look. */
import { startSha256 } from '../core/sha256.ts';
import type { PrivateRepository } from './private-repository.ts';
import type { Git } from './run.ts';

export interface TreeListing {
  /**
   * Each directory, by its path with each byte as one character, and how many entries it has. The top is the empty path.
   * Submodules are directories without entries.
   */
  readonly directories: ReadonlyMap<string, number>;
  /** The same for two commits whose `.gitattributes` are the same, wherever they have some. */
  readonly attributes: string;
  /** Whether it has commits of submodules. */
  readonly hasGitlinks: boolean;
}

/** A tree with more has each of them held in memory. */
const MAX_DIRECTORIES = 50_000;

const GITLINK_MODE = '160000';
const DIRECTORY_MODES = new Set(['040000', GITLINK_MODE]);

/** Reads a listing of `git ls-tree -r -t -z` line by line. */
function createListing() {
  const directories = new Map<string, number>([['', 0]]);
  const attributes = startSha256();
  let hasGitlinks = false;
  return {
    add(line: string) {
      const tab = line.indexOf('\t');
      const path = line.slice(tab + 1);
      const slash = path.lastIndexOf('/');
      const parent = slash === -1 ? '' : path.slice(0, slash);
      directories.set(parent, (directories.get(parent) ?? 0) + 1);
      const mode = line.slice(0, GITLINK_MODE.length);
      hasGitlinks ||= mode === GITLINK_MODE;
      if (DIRECTORY_MODES.has(mode)) {
        directories.set(path, directories.get(path) ?? 0);
      } else if (path.slice(slash + 1).toLowerCase() === '.gitattributes') {
        attributes.update(`${line}\0`, 'latin1');
      }
    },
    isTooLarge: () => directories.size > MAX_DIRECTORIES,
    end: (): TreeListing => ({ directories, attributes: attributes.digest('base64'), hasGitlinks }),
  };
}

/** Lists a commit; undefined when it has more directories than are looked at. Takes memory for the directories only. */
export async function listTree(
  git: Git,
  repository: PrivateRepository,
  commit: string,
  signal: AbortSignal,
): Promise<TreeListing | undefined> {
  const listing = createListing();
  let rest = '';
  await git.run(['ls-tree', '-r', '-t', '-z', commit], {
    cwd: repository.gitDir,
    signal,
    env: repository.env(),
    onStdout(chunk) {
      const lines = (rest + chunk.toString('latin1')).split('\0');
      rest = lines.pop() ?? '';
      if (!listing.isTooLarge()) {
        lines.forEach(listing.add);
      }
    },
  });
  return listing.isTooLarge() ? undefined : listing.end();
}
