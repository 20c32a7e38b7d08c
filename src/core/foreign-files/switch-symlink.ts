import { LINK_ERRORS, switchSymlink } from '../files/symlink.ts';
import type { ForeignDirectory } from './directory.ts';

/**
 * Points a link in a directory of others at another target, or makes it; whatever else is in its place stays.
 * @throws PillionError `link_not_symlink`, `switch_failed`
 */
export function switchSymlinkIn(directory: ForeignDirectory, name: string, target: string): Promise<void> {
  return directory.act(LINK_ERRORS.switch_failed, name, (path, shownPath) =>
    switchSymlink(path, target, shownPath),
  );
}
