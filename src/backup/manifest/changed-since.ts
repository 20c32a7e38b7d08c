/** What of a tree is not any more as its manifest says, by its metadata alone. */
import { createBreather } from '../../core/breather.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { ScanOptions } from '../model.ts';
import { type BytePath, compareInTree, type Entry } from './entry.ts';
import { createExclusion } from './exclude.ts';
import { manifestEntries, NONE } from './files.ts';
import { createUnsteady } from './unsteady.ts';
import { type Found, walkTree } from './walk.ts';

/**
 * Files that changed, and directories in which entries came or went since the manifest was made, as paths in bytes: what a
 * backup between has read of them may be torn. What is marked as changing is no news, nor what is in such a directory.
 */
export async function changedSince(
  root: string,
  manifest: string,
  { signal, exclude }: Pick<ScanOptions, 'signal' | 'exclude'>,
): Promise<readonly Buffer[]> {
  const tree = openByteRoot(root);
  const breathe = createBreather(signal);
  const entries = manifestEntries(manifest);
  const changed: Buffer[] = [];
  const unsteady = createUnsteady();
  let entry = nextOf(entries);
  const note = (path: BytePath) => void changed.push(Buffer.from(path, 'latin1'));
  const cameOrWent = (path: BytePath, isDirectory: boolean): void => {
    if (!unsteady.has(path)) {
      note(path);
    } else if (isDirectory) {
      unsteady.add(path);
    }
  };
  const passUntil = (path: BytePath | undefined) => {
    for (; entry !== undefined; entry = nextOf(entries)) {
      if (path !== undefined && compareInTree(entry.path, path) >= 0) {
        return;
      }
      cameOrWent(entry.path, entry.type === 'directory');
    }
  };
  try {
    for (const found of walkTree(tree, createExclusion(exclude))) {
      await breathe();
      if (found.kind !== 'file' && found.kind !== 'directory') {
        continue;
      }
      passUntil(found.path);
      if (entry?.path !== found.path) {
        cameOrWent(found.path, found.kind === 'directory');
        continue;
      }
      if (entry.type === 'directory' && entry.isChanging === true) {
        unsteady.add(entry.path);
      }
      if (!isSame(entry, found)) {
        note(found.path);
      }
      entry = nextOf(entries);
    }
    passUntil(undefined);
    return changed;
  } finally {
    entries.return(NONE);
    tree.close();
  }
}

function nextOf(entries: Generator<Entry, unknown>) {
  for (;;) {
    const next = entries.next();
    if (next.done === true) {
      return undefined;
    }
    if (next.value.type !== 'symlink') {
      return next.value;
    }
  }
}

function isSame(entry: Exclude<Entry, { type: 'symlink' }>, { status, kind }: Found): boolean {
  // A restore compares permissions of what is changing, too.
  if (entry.type !== kind || entry.mode !== (Number(status.mode) & 0o7777)) {
    return false;
  }
  if (entry.isChanging === true) {
    return true;
  }
  if (entry.type === 'directory') {
    return status.mtimeNs === entry.mtimeNs;
  }
  const { identity } = entry;
  return (
    status.size === BigInt(entry.size) &&
    status.mtimeNs === entry.mtimeNs &&
    (identity === undefined || (identity.inode === status.ino && identity.ctimeNs === status.ctimeNs))
  );
}
