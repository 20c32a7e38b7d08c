/** A disk or quota that is full: which of those that a backup needs. */
import { errorMessage, type PillionError } from '../../core/errors.ts';
import { BACKUP_ERRORS, STORE_ERRORS } from '../errors.ts';

const NO_ROOM = /no space left|enospc|disk quota exceeded|edquot|out of diskspace|quota.{0,20}exceeded/i;

/** Of an error, or the words of a program. */
export const isNoRoom = (error: unknown): boolean =>
  NO_ROOM.test(typeof error === 'string' ? error : errorMessage(error));

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
