/**
 * The large files that git-lfs has fetched, in the private directory: those of the last tree are kept, so that the next one
 * fetches only what is new. git-lfs leaves no word of which it used, so the times of their last reading tell.
 */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../../core/exec/which.ts';
import { GIT_ERRORS } from '../../../git/errors.ts';

export interface LfsStore {
  /** Before a checkout. */
  markUnused(): Promise<void>;
  /** After it: removes what it did not read. Where the mount keeps no such times, that is what was there before. */
  removeUnused(): Promise<void>;
}

/** A file is read after it was written, so a time before that is changed by each reading (`relatime` in mount(8)). */
const NEVER = new Date(0);

/** @throws PillionError `lfs_missing`, which git itself would only notice at the first large file */
export async function requireLfs(pathVariable: string | undefined): Promise<void> {
  if ((await findProgram('git-lfs', pathVariable)) === undefined) {
    throw GIT_ERRORS.lfs_missing();
  }
}

/** @param storage the directory that git-lfs uses now */
export function createLfsStore(storage: () => string): LfsStore {
  const files = async () => {
    const entries = await readdir(join(storage(), 'objects'), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };
  return {
    async markUnused() {
      for (const path of await files()) {
        await utimes(path, NEVER, (await stat(path)).mtime);
      }
      // What a killed git-lfs has left.
      await rm(join(storage(), 'tmp'), { recursive: true, force: true });
      await rm(join(storage(), 'incomplete'), { recursive: true, force: true });
    },
    async removeUnused() {
      for (const path of await files()) {
        if ((await stat(path)).atimeMs === 0) {
          await rm(path, { force: true });
        }
      }
    },
  };
}
