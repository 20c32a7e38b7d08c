/** What is mounted in a copy is neither written to nor moved. */
import {
  type AsyncByteDirectory,
  openAsyncByteRoot,
} from '../../../core/foreign-files/async-byte-directory.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { shownName } from '../../../core/foreign-files/entry-name.ts';
import { mountsIn } from '../../../core/foreign-files/mounts.ts';
import { COPY_ERRORS } from './errors.ts';
import { type BytePath, isCopied } from './plan.ts';

/**
 * Looked at before anything is changed.
 * @throws PillionError `mount_in_copy` when the tree has something at a mount of the copy, or a file above it
 */
export async function requireNoMountInTheWay(
  source: ForeignDirectory,
  target: ForeignDirectory,
): Promise<void> {
  const mounts = [...mountsIn(target.path)];
  if (mounts.length === 0) {
    return;
  }
  const tree = await openAsyncByteRoot(source.path, source.shownPath);
  try {
    for (const mount of mounts) {
      if (await isInTheWay(tree, mount)) {
        throw COPY_ERRORS.mount_in_copy({ path: `${target.shownPath}/${shownName(mount)}` });
      }
    }
  } finally {
    await tree.close();
  }
}

async function isInTheWay(tree: AsyncByteDirectory, mount: BytePath): Promise<boolean> {
  const opened: AsyncByteDirectory[] = [];
  let directory = tree;
  try {
    const [first = '', ...rest] = mount.split('/');
    for (const name of isCopied(first, '') ? [first, ...rest] : []) {
      const status = await directory.stat(name);
      if (status === undefined) {
        return false;
      }
      const below = status.isDirectory() ? await directory.open(name) : undefined;
      if (below === undefined) {
        return true;
      }
      opened.push(below);
      directory = below;
    }
    return isCopied(first, '');
  } finally {
    await Promise.all(opened.map(async (each) => each.close()));
  }
}
