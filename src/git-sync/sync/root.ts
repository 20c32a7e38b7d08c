import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { defineErrors, errorMessage } from '../../core/errors.ts';
import { makeDirectory } from '../../core/files.ts';
import type { Log } from '../../core/log/log.ts';

export const ROOT_ERRORS = defineErrors({
  root_not_writable: {
    message: ({ path, why }: { readonly path: string; readonly why: string }) =>
      `cannot use the root ${path}: ${why}`,
    hint: 'mount a writable volume there (fsGroup makes an emptyDir writable for any user), or choose another --root',
  },
});

/** Makes the root, resolves its symlinks, and makes sure it can be written. */
export async function prepareRoot(path: string, log: Log): Promise<string> {
  try {
    await makeDirectory(path, 0o775);
    const root = await realpath(path);
    if (root !== path) {
      log.info('normalized root path', { root: path, result: root });
    }
    await access(root, constants.W_OK | constants.X_OK);
    return root;
  } catch (error) {
    throw ROOT_ERRORS.root_not_writable({ path, why: errorMessage(error) }, { cause: error });
  }
}
