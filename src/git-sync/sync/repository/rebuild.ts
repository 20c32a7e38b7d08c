/** A new repository in the place of one that is damaged: fetched completely before it takes over, never wiped. */

import { removeTree } from '../../../core/files.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { ensureDirectory } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { randomId } from '../../../core/random-id.ts';
import { NEW_PREFIX } from './leftovers.ts';
import type { OpenRoot } from './shared-repository.ts';

/** What Pillion itself remembers, inside the git directory. */
export const OWN_DIR = 'pillion';
const BROKEN_PREFIX = '.git.broken-';

/** A fresh git directory that is not used yet. */
export interface FreshGitDirectory {
  readonly directory: ForeignDirectory;
  /** Puts it in the place of the old one, which is set aside. */
  takeOver(root: OpenRoot): Promise<void>;
  abandon(): Promise<void>;
}

export async function makeGitDirectory({ directory: top }: OpenRoot, log: Log): Promise<FreshGitDirectory> {
  const name = `${NEW_PREFIX}${randomId()}`;
  const directory = await ensureDirectory(top, name, log);
  return {
    directory,
    async takeOver(root) {
      const old = root.gitDirectory;
      const aside = `${BROKEN_PREFIX}${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
      log.info('setting the broken repository aside', { path: `${top.shownPath}/${aside}` });
      if ((await old.stat(OWN_DIR)) !== undefined) {
        await old.rename(OWN_DIR, directory, OWN_DIR);
        // It marks what was ours.
        await (await old.make(OWN_DIR))?.close();
      }
      await top.rename('.git', top, aside);
      await top.rename(name, top, '.git');
      root.gitDirectory = directory;
      await old.close();
      await removeOlderBroken(top, aside);
    },
    async abandon() {
      await directory.close();
      await removeTree(`${top.path}/${name}`);
    },
  };
}

/** Of those that Pillion used at most one is kept; what was somebody else's stays. */
async function removeOlderBroken(top: ForeignDirectory, latest: string): Promise<void> {
  for (const { name } of await top.list()) {
    if (name.startsWith(BROKEN_PREFIX) && name !== latest) {
      const broken = await top.open(name);
      const isOurs = (await broken?.stat(OWN_DIR)) !== undefined;
      await broken?.close();
      if (isOurs) {
        await removeTree(`${top.path}/${name}`);
      }
    }
  }
}
