/** Which objects must outlive a cleaning: those of every tree in the root, and of refs that somebody else made there. */

import { withDirectory } from '../../../core/foreign-files/below.ts';
import { readForeignRefs } from '../../../git/adopt.ts';
import { formatOf, isFullHash } from '../../../git/object-name.ts';
import type { Git, GitCall } from '../../../git/run.ts';

import { TREE_HOLDERS, TREES_DIR } from '../../../git/tree-places.ts';
import type { OpenRoot, SharedRepository } from './shared-repository.ts';

/** Refs to what must stay. */
export const KEPT = 'refs/pillion/kept';
/** As many fit into a command line with room to spare. */
const AT_ONCE = 1000;

/** The commits that directories in the root are named for, whichever git-sync made them. */
async function treeHashes({ directory }: OpenRoot): Promise<string[]> {
  const names: string[] = [];
  for (const place of ['', TREES_DIR, ...TREE_HOLDERS.map((name) => `${TREES_DIR}/${name}`)]) {
    await withDirectory(directory, place, async (opened) => {
      names.push(...((await opened?.list()) ?? []).map(({ name }) => name.replace(/^rev-/, '')));
    });
  }
  return names.filter(isFullHash);
}

/** The commits among these names that are there. */
export async function existing(git: Git, names: readonly string[], call: GitCall): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const some = names.slice(from, from + AT_ONCE);
    const text = await git.run(['rev-list', '--no-walk', '--ignore-missing', ...some, '--'], call);
    found.push(...text.split('\n').filter(isFullHash));
  }
  return found;
}

/** Called before git removes what it takes for unreachable: our own refs know only what this process has published. */
export async function protectOthers(
  shared: SharedRepository,
  root: OpenRoot,
  git: Git,
  call: GitCall,
): Promise<void> {
  const repository = shared.current();
  const wanted = new Set([
    ...(await treeHashes(root)).filter((hash) => formatOf(hash) === repository.format),
    ...(await readForeignRefs(root.gitDirectory, repository.format)),
  ]);
  await repository.setRefs(KEPT, await existing(git, [...wanted], call));
}
