import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FILE_ERRORS, fileError } from './file-error.ts';
import { fsyncDirectory } from './fsync.ts';
import { removeIfExists, temporaryName } from './leftovers.ts';

export interface AtomicWriteOptions {
  /** Exact permission bits, whatever the umask. Default 0o600. */
  readonly mode?: number | undefined;
  /** Survive a power loss, at the price of waiting for the disk. Default true. */
  readonly fsync?: boolean | undefined;
  /** Runs on the new file while it is empty and its owner's alone: to give it an owner, for example. */
  readonly prepare?: ((file: FileHandle) => Promise<void>) | undefined;
}

const DEFAULT_MODE = 0o600;
/** Until the wanted mode is set nobody else may open the file. */
const PRIVATE_MODE = 0o600;

/**
 * Replaces a file as a whole: a reader of `path` gets the former content or all of the new, also after a crash.
 * The new version is made in the same directory, which must be writable. A symbolic link at `path` is itself replaced.
 * @param shownPath what errors call the file
 * @throws PillionError `write_failed`; the former content stands and nothing is left behind
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: AtomicWriteOptions = {},
  shownPath: string = path,
): Promise<void> {
  const { mode = DEFAULT_MODE, fsync = true, prepare } = options;
  const directory = dirname(path);
  const temporary = join(directory, temporaryName(basename(path)));
  try {
    await fill(temporary, data, { mode, fsync, prepare });
    await rename(temporary, path);
    if (fsync) {
      await fsyncDirectory(directory);
    }
  } catch (error) {
    await removeIfExists(temporary).catch(() => undefined); // the first failure is the one to tell
    throw fileError(FILE_ERRORS.write_failed, shownPath, error);
  }
}

async function fill(
  path: string,
  data: string | Uint8Array,
  { mode = DEFAULT_MODE, fsync, prepare }: AtomicWriteOptions,
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, PRIVATE_MODE);
  try {
    await prepare?.(file);
    await setMode(file, mode);
    await file.writeFile(data);
    if (fsync) {
      await file.sync();
    }
  } finally {
    await file.close();
  }
}

/** Only when it differs, as some file systems (vfat, some CSI mounts) refuse every chmod. */
async function setMode(file: FileHandle, mode: number): Promise<void> {
  const { mode: current } = await file.stat();
  if ((current & 0o7777) !== mode) {
    await file.chmod(mode);
  }
}
