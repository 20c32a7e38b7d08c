/** The directory in a stage that is to become the volume's root. What an engine has written there is not believed. */
import { relative } from 'node:path';
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { ByteName } from '../../core/foreign-files/entry-name.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import type { RestoredTree } from '../model.ts';
import { contentNames } from './movable.ts';

/**
 * Names of the directories that lead from the stage's target to the root.
 * @throws PillionError `restore_failed` for a root that is not below it
 */
export function stepsToRoot(target: string, { root }: Pick<RestoredTree, 'root'>): ByteName[] {
  const below = relative(target, root);
  const parts = below === '' ? [] : below.split('/');
  if (parts.includes('..') || parts.includes('')) {
    const message = `the snapshot names a root that leads out of it: ${below.slice(0, 200)}`;
    throw BACKUP_ERRORS.restore_failed({ message });
  }
  return parts.map((part) => Buffer.from(part).toString('latin1'));
}

/**
 * Opens it, through directories alone: no link on the way, or as the root itself, is followed.
 * @throws PillionError `restore_failed` where there is no such directory
 */
export function openStagedRoot(target: string, tree: Pick<RestoredTree, 'root'>): ByteDirectory {
  let current = openByteRoot(target);
  for (const name of stepsToRoot(target, tree)) {
    const next = current.open(name);
    current.close();
    if (next === undefined) {
      const message = `the snapshot does not hold the directory /${relative(target, tree.root)}`;
      const hint = 'one that was made of a relative path, or of a file, cannot become a volume by itself';
      throw BACKUP_ERRORS.restore_failed({ message, hint });
    }
    current = next;
  }
  return current;
}

/** @throws PillionError `restore_failed` where there is no such directory, or nothing in it: an application would start empty */
export function requireContent(target: string, tree: Pick<RestoredTree, 'root'>): void {
  const root = openStagedRoot(target, tree);
  try {
    if (contentNames(root).length === 0) {
      throw BACKUP_ERRORS.restore_failed({ message: 'the snapshot holds nothing for the volume' });
    }
  } finally {
    root.close();
  }
}
