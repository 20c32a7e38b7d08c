import {
  defineErrors,
  isPillionError,
  type PillionError,
  systemErrorCode,
  systemMessage,
} from '../errors.ts';
import { fullDiskHints } from '../full-disk.ts';

const HINTS: Readonly<Record<string, string>> = {
  ...fullDiskHints('; the former content still stands'),
  EROFS: 'mount a writable volume there (an emptyDir, for example)',
  EACCES: 'give the user this runs as access (fsGroup, runAsUser, or the mode of the directory)',
  EPERM: 'give the user this runs as ownership (fsGroup, runAsUser)',
  ENOENT: 'create the directory, or mount a volume there',
  ENOTDIR: 'a part of the path is a file where a directory is needed',
  EISDIR: 'there is a directory where a file is needed',
  EIO: 'the disk or the network file system fails: see the node',
};

/** What is known of a failed action on a path. */
export interface FileFacts {
  readonly path: string;
  /** What the system says. */
  readonly why: string;
  readonly systemCode: string | undefined;
}

export const hintOfFailure = ({ systemCode }: FileFacts): string | undefined => HINTS[systemCode ?? ''];

/** What is to be read is not to be created by whoever is told that it is not there. */
const READ_HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is nothing of this name: check the path, and that the volume it is on is mounted',
};

const readHint = (failure: FileFacts): string | undefined =>
  READ_HINTS[failure.systemCode ?? ''] ?? hintOfFailure(failure);

export const FILE_ERRORS = defineErrors({
  read_failed: {
    message: ({ path, why }: FileFacts) => `cannot read ${path}: ${why}`,
    hint: readHint,
    about: 'a file or directory could not be read: the message has the path and what the system says',
  },
  write_failed: {
    message: ({ path, why }: FileFacts) => `cannot write ${path}: ${why}`,
    hint: hintOfFailure,
    about: 'a file could not be written; its former content stands',
  },
  remove_failed: {
    message: ({ path, why }: FileFacts) => `cannot remove ${path}: ${why}`,
    hint: hintOfFailure,
    about: 'a file or directory could not be removed, often one of another user',
  },
  file_too_large: {
    message: ({ path, maxBytes }: { path: string; maxBytes: number }) =>
      `cannot read ${path}: it has more than ${maxBytes} bytes`,
    hint: 'check that the path names the right file',
  },
});

/** The errors of an action on a path. */
export type FileFailure = typeof FILE_ERRORS.read_failed;

/** A failed file operation in the form all errors have; an error that has it already is returned as it is. */
export function fileError(failed: FileFailure, path: string, cause: unknown): PillionError {
  if (isPillionError(cause)) {
    return cause;
  }
  const systemCode = systemErrorCode(cause);
  return failed({ path, why: systemMessage(cause), systemCode }, { facts: { path, systemCode }, cause });
}
