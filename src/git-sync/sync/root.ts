import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { defineErrors, errorMessage, systemErrorCode } from '../../core/errors.ts';
import { makeDirectory } from '../../core/files.ts';
import type { Log } from '../../core/log/log.ts';

export const ROOT_ERRORS = defineErrors({
  root_not_writable: {
    message: ({ path, why }: { readonly path: string; readonly why: string }) =>
      `cannot use the root ${path}: ${why}`,
    hint: 'mount a writable volume there (fsGroup makes an emptyDir writable for any user), or choose another --root',
  },
  trees_taken: {
    message: ({
      root,
      hash,
      count,
    }: {
      readonly root: string;
      readonly hash: string;
      readonly count: number;
    }) =>
      `${hash} cannot be published: links in ${root} lead to ${count} trees of it already, each made with other options`,
    hint: 'remove links that nobody uses any more, or give each git-sync a --root of its own',
  },
  root_is_everything: {
    message: ({ path }: { readonly path: string }) =>
      `cannot use ${path} as the root: it is the root of the file system`,
    hint: 'give the sync a directory of its own with --root',
  },
  link_cleaned_away: {
    message: ({ path, place }: { readonly path: string; readonly place: string }) =>
      `cannot publish at ${path}: this is ${place}, which is git-sync's own and is cleaned away`,
    hint: 'look for a symbolic link on the way to the link, and choose another place for it',
  },
});

/** Where a root really is, or the path itself where there is nothing yet. */
export async function whereRootIs(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** Makes the root, resolves its symlinks, and makes sure it can be written and is not all that there is. */
export async function prepareRoot(path: string, log: Log): Promise<string> {
  try {
    await makeDirectory(path, 0o775);
    const root = await realpath(path);
    if (root !== path) {
      log.info('normalized root path', { root: path, result: root });
    }
    if (root === '/') {
      throw ROOT_ERRORS.root_is_everything({ path });
    }
    await access(root, constants.W_OK | constants.X_OK);
    return root;
  } catch (error) {
    if (ROOT_ERRORS.root_is_everything.matches(error)) {
      throw error;
    }
    const isFile = ['EEXIST', 'ENOTDIR'].includes(systemErrorCode(error) ?? '');
    const why = isFile ? 'there is a file where a directory is needed' : errorMessage(error);
    throw ROOT_ERRORS.root_not_writable({ path, why }, { cause: error });
  }
}
