import { errorMessage, PillionError, systemErrorCode } from '../errors.ts';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free space or give the volume more; the former content still stands',
  EDQUOT: 'raise the quota or free space; the former content still stands',
  EROFS: 'mount a writable volume there (an emptyDir, for example)',
  EACCES: 'give the user this runs as access (fsGroup, runAsUser, or the mode of the directory)',
  EPERM: 'give the user this runs as ownership (fsGroup, runAsUser)',
  ENOENT: 'create the directory, or mount a volume there',
  ENOTDIR: 'a part of the path is a file where a directory is needed',
  EISDIR: 'there is a directory where a file is needed',
  EIO: 'the disk or the network file system fails: see the node',
};

/** Passing by themselves, or after somebody made room. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EBUSY', 'EIO', 'ESTALE', 'ETIMEDOUT']);

/** A failed file operation in the form all errors have; `action` is like `write`, giving the code `write_failed`. */
export function fileError(
  action: 'write' | 'read' | 'remove' | 'switch',
  path: string,
  cause: unknown,
): PillionError {
  if (cause instanceof PillionError) {
    return cause;
  }
  const systemCode = systemErrorCode(cause);
  return new PillionError({
    code: `${action}_failed`,
    message: `cannot ${action} ${path}: ${errorMessage(cause)}`,
    hint: HINTS[systemCode ?? ''],
    facts: { path, systemCode },
    retryable: PASSING.has(systemCode ?? ''),
    cause,
  });
}
