/** What of a tree is not any more as its manifest says, by its metadata alone. */
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { ScanOptions } from '../model.ts';
import { type BytePath, compareInTree, type Entry } from './entry.ts';
import { createExclusion } from './exclude.ts';
import { readManifest } from './files.ts';
import { type Found, walkTree } from './walk.ts';

/**
 * Files that changed, came or went since the manifest was made, as paths in bytes: what a backup between has read of them
 * may be torn. Files that are marked as changing are no news.
 */
export async function changedSince(
  root: string,
  manifest: string,
  { signal, exclude }: Pick<ScanOptions, 'signal' | 'exclude'>,
): Promise<readonly Buffer[]> {
  const tree = openByteRoot(root);
  const entries = readManifest(manifest, signal);
  const changed: Buffer[] = [];
  const note = (path: BytePath) => changed.push(Buffer.from(path, 'latin1'));
  let entry = await nextFile(entries);
  const passUntil = async (path: BytePath | undefined) => {
    for (; entry !== undefined; entry = await nextFile(entries)) {
      if (path !== undefined && compareInTree(entry.path, path) >= 0) {
        return;
      }
      note(entry.path);
    }
  };
  try {
    for await (const found of walkTree(tree, { isExcluded: createExclusion(exclude), signal })) {
      if (found.kind !== 'file') {
        continue;
      }
      await passUntil(found.path);
      if (entry?.path !== found.path) {
        note(found.path);
        continue;
      }
      if (!entry.isChanging && !isSame(entry, found)) {
        note(found.path);
      }
      entry = await nextFile(entries);
    }
    await passUntil(undefined);
    return changed;
  } finally {
    await entries.return({ entries: 0, files: 0, bytes: 0, digest: '' });
    tree.close();
  }
}

async function nextFile(entries: AsyncGenerator<Entry, unknown>) {
  for (;;) {
    const next = await entries.next();
    if (next.done === true) {
      return undefined;
    }
    if (next.value.type === 'file') {
      return next.value;
    }
  }
}

function isSame(entry: Extract<Entry, { type: 'file' }>, { status }: Found): boolean {
  const { identity } = entry;
  return (
    status.size === BigInt(entry.size) &&
    status.mtimeNs === entry.mtimeNs &&
    (identity === undefined || (identity.inode === status.ino && identity.ctimeNs === status.ctimeNs))
  );
}
