/** Files that the user has told git-sync to write: they must not take the place of anything else of its own. */
import { defineErrors } from '../../../core/errors.ts';
import type { SyncSpec } from '../spec.ts';
import { absolute, isOwnPlace } from './layout.ts';
import { whereDirectoryIs, whereLinkIs } from './where-link-is.ts';

interface Facts {
  readonly option: string;
  readonly path: string;
  readonly place: string;
}

export const OWN_FILE_ERRORS = defineErrors({
  file_is_link: {
    message: ({ option, path, place }: Facts) =>
      `cannot use ${path} as ${option}: it is what is published, ${place}`,
    hint: 'look for a symbolic link on the way to the file, and choose another place for it',
  },
  file_cleaned_away: {
    message: ({ option, path, place }: Facts) =>
      `cannot use ${path} as ${option}: it is ${place}, where git-sync keeps what is its own`,
    hint: 'choose a place outside .git and the trees of the root',
  },
});

/**
 * Looks where a file really is, whatever the path to it is called.
 * @param path empty for none
 * @throws PillionError `file_is_link`, `file_cleaned_away`
 */
export async function requireOwnFile(
  { root, link, dialect }: Pick<SyncSpec, 'root' | 'link' | 'dialect'>,
  option: '--error-file' | '--touch-file',
  path: string,
): Promise<void> {
  if (path === '') {
    return;
  }
  const place = await whereLinkIs(root, path);
  const facts = { option, path: absolute(path, root), place };
  if (place === (await whereLinkIs(root, link))) {
    throw OWN_FILE_ERRORS.file_is_link(facts);
  }
  if (isOwnPlace(dialect, await whereDirectoryIs(root), place)) {
    throw OWN_FILE_ERRORS.file_cleaned_away(facts);
  }
}
