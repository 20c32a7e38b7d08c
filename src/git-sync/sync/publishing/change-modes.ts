import { basename, dirname } from 'node:path';
import { withDirectory } from '../../../core/foreign-files/below.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';

/**
 * v3's `-change-permissions`: `chmod -R MODE`, files and directories alike; symlinks are not followed. 0 does nothing.
 * @param path below the root
 */
export async function changeModes(root: ForeignDirectory, path: string, mode: number): Promise<void> {
  const holder = dirname(path);
  if (mode !== 0) {
    await withDirectory(root, holder === '.' ? '' : holder, async (directory) =>
      directory?.chmodTree(basename(path), mode),
    );
  }
}
