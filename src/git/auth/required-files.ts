import { access } from 'node:fs/promises';
import type { GitAuthSettings } from '../settings.ts';
import { AUTH_ERRORS } from './errors.ts';

/**
 * Files that must be there at the start; what is only read later is checked when it is read.
 * @throws PillionError `file_missing`
 */
export async function requireFiles({
  cookieFile,
  mustExist = [],
}: Pick<GitAuthSettings, 'cookieFile' | 'mustExist'>): Promise<void> {
  const cookie = cookieFile === undefined ? [] : [{ path: cookieFile, why: 'the cookie file' }];
  for (const { path, why } of [...cookie, ...mustExist]) {
    try {
      await access(path);
    } catch (error) {
      throw AUTH_ERRORS.file_missing({ path, purpose: why }, { cause: error });
    }
  }
}
