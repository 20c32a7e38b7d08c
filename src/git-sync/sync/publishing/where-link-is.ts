/** Where a published link really is: one directory can be reached by several ways. */
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { absolute, isInside } from './layout.ts';

/** As many symbolic links as Linux follows on one way. */
const MOST_LINKS = 40;

/** Where a directory is, or will be once it is made: also by a link to one that another repository is still to make. */
export async function whereDirectoryIs(path: string, links = MOST_LINKS): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  const above = dirname(path);
  if (real !== undefined || above === path) {
    return real ?? path;
  }
  const holder = await whereDirectoryIs(above, links);
  const missing = join(holder, basename(path));
  const target = links > 0 ? await readlink(missing).catch(() => undefined) : undefined;
  return target === undefined ? missing : whereDirectoryIs(resolve(holder, target), links - 1);
}

/**
 * The place of a link, which itself is not followed. Below the root publishing follows no link on the way, elsewhere all.
 * @param root absolute
 */
export async function whereLinkIs(root: string, link: string): Promise<string> {
  const path = absolute(link, root);
  return isInside(root, path)
    ? join(await whereDirectoryIs(root), relative(root, path))
    : join(await whereDirectoryIs(dirname(path)), basename(path));
}
