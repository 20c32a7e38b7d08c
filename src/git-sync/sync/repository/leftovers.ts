/** What a git that was killed leaves in a root: half-made repositories, locks, temporary packs. */

import { removeTree } from '../../../core/files.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import type { Log } from '../../../core/log/log.ts';
import type { OpenRoot } from './shared-repository.ts';

/** A repository that is being made in the place of a damaged one. */
export const NEW_PREFIX = '.git.new-';
const MAX_DEPTH = 6;

/** Git's locks and temporary files, and our own files that were being made (core's temporaryName). */
const isLeftover = (name: string) =>
  name.endsWith('.lock') ||
  name === 'gc.pid' ||
  /^(tmp_|\.tmp-)/.test(name) ||
  /\.pillion-[0-9a-f]{16}\.tmp$/.test(name);

async function removeIn(directory: ForeignDirectory, depth: number): Promise<number> {
  let removed = 0;
  for (const entry of await directory.list()) {
    if (entry.isFile() && isLeftover(entry.name)) {
      await directory.remove(entry.name);
      removed += 1;
    } else if (entry.isDirectory() && depth > 0) {
      const below = await directory.open(entry.name);
      try {
        removed += below === undefined ? 0 : await removeIn(below, depth - 1);
      } finally {
        await below?.close();
      }
    }
  }
  return removed;
}

/** Only for the holder of the root's lock, and only while no git of its own runs. */
export async function removeGitLeftovers({ directory, gitDirectory }: OpenRoot, log: Log): Promise<void> {
  for (const { name } of await directory.list()) {
    if (name.startsWith(NEW_PREFIX)) {
      await removeTree(`${directory.path}/${name}`);
    }
  }
  const removed = await removeIn(gitDirectory, MAX_DEPTH);
  if (removed > 0) {
    log.info('removed leftovers of a crashed git', { files: removed });
  }
}
