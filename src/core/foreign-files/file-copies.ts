/** Content of files below directories that are held: compared, and copied. */
import { constants } from 'node:fs';
import { copyFile, type FileHandle } from 'node:fs/promises';
import { FILE_ERRORS, fileError } from '../files/file-error.ts';
import type { AsyncByteDirectory } from './async-byte-directory.ts';
import { descriptorPath } from './descriptor-path.ts';
import { type ByteName, entryPath, shownName } from './entry-name.ts';

const CHUNK = 128 * 1024;
/** By reference where the file system can, which costs no room. */
const NEW = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

/** A file in a directory. */
export interface FileIn {
  readonly directory: AsyncByteDirectory;
  readonly name: ByteName;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
}

/** Opens a regular file for the time of `use`; false where it is none. */
async function withRegular(
  { directory, name }: FileIn,
  use: (open: OpenFile) => Promise<boolean>,
): Promise<boolean> {
  const handle = await directory.openFile(name);
  if (handle === undefined) {
    return false;
  }
  try {
    const status = await handle.stat();
    return status.isFile() && (await use({ handle, size: status.size }));
  } finally {
    await handle.close();
  }
}

async function isSame(one: OpenFile, other: OpenFile, signal: AbortSignal): Promise<boolean> {
  if (one.size !== other.size) {
    return false;
  }
  const length = Math.min(CHUNK, one.size);
  const [left, right] = [Buffer.allocUnsafe(length), Buffer.allocUnsafe(length)];
  for (let at = 0; at < one.size; at += length) {
    signal.throwIfAborted();
    const a = await one.handle.read(left, 0, length, at);
    const b = await other.handle.read(right, 0, length, at);
    if (a.bytesRead !== b.bytesRead || left.compare(right, 0, a.bytesRead, 0, a.bytesRead) !== 0) {
      return false;
    }
  }
  return true;
}

/** Whether two files have the same bytes; what is no file has none. */
export function hasSameContent(one: FileIn, other: FileIn, signal: AbortSignal): Promise<boolean> {
  return withRegular(one, (a) => withRegular(other, (b) => isSame(a, b, signal)));
}

/**
 * Copies a file with its permissions to where nothing is; false when it is no regular file any more.
 * @throws PillionError `write_failed`
 */
export function copyRegularFile(from: FileIn, to: FileIn): Promise<boolean> {
  return withRegular(from, async ({ handle }) => {
    const source = descriptorPath(handle.fd, `${from.directory.path}/${shownName(from.name)}`);
    try {
      await copyFile(source, entryPath(to.directory.path, to.name), NEW);
      return true;
    } catch (error) {
      throw fileError(FILE_ERRORS.write_failed, `${to.directory.shownPath}/${shownName(to.name)}`, error);
    }
  });
}
