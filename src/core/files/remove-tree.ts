import { basename, dirname } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import { holdTrusted } from '../foreign-files/held-directory.ts';
import { removeTreeIn } from '../foreign-files/remove-tree.ts';
import { FILE_ERRORS, fileError } from './file-error.ts';

/**
 * Removes whatever is at a path, with everything below, for callers who cannot go on while some of it is there. The way
 * to it is trusted; links at its end and below are removed, never followed. Nothing there is no error.
 * @throws PillionError `remove_failed` when something is left, or the signal's reason
 */
export async function removeTree(path: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const parent = await holdTrusted(dirname(path)).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw fileError(FILE_ERRORS.remove_failed, path, error);
  });
  if (parent === undefined) {
    return;
  }
  try {
    const name = Buffer.from(basename(path)).toString('latin1');
    const { kept } = await removeTreeIn(parent, name, path, signal);
    const [first] = kept;
    if (first !== undefined) {
      const facts = { path: first.path, systemCode: first.code };
      throw FILE_ERRORS.remove_failed({ ...facts, why: first.code }, { facts });
    }
  } finally {
    await parent.close();
  }
}
