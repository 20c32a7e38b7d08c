/** A disk or quota that is full: which of those that a backup needs. */
import { errorMessage, type PillionError } from '../../core/errors.ts';
import { FULL_DISK_WORDS, isFullDisk } from '../../core/full-disk.ts';
import { BACKUP_ERRORS, STORE_ERRORS } from '../errors.ts';

/** Words of servers and buckets that have no room for more. */
const FULL_QUOTA = /quota.{0,20}exceeded/i;

/** Of an error, or the words of a program. */
export function isNoRoom(error: unknown): boolean {
  const said = errorMessage(error);
  return isFullDisk(error) || FULL_DISK_WORDS.test(said) || FULL_QUOTA.test(said);
}

/** Of what is written by a backup nothing is on the volume. */
export function outOfRoom(said: string, workDir: string, cause?: unknown): PillionError {
  return said.includes(workDir)
    ? BACKUP_ERRORS.no_space(
        {
          message: `no room in the work directory: ${said}`,
          hint: 'make room there, or name another with --work-dir',
        },
        { cause },
      )
    : STORE_ERRORS.repository_full({ message: `no room in the repository: ${said}` }, { cause });
}
