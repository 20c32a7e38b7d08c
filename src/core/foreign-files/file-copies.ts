/** Content of files below directories that are held: compared, and copied. */
import { closeSync, constants, copyFileSync, fstatSync, readSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import type { Breather } from '../breather.ts';
import { FILE_ERRORS, fileError } from '../files/file-error.ts';
import type { ByteDirectory } from './byte-directory.ts';
import { descriptorPath } from './descriptor-path.ts';
import { type ByteName, entryPath, shownName } from './entry-name.ts';

const CHUNK = 128 * 1024;
/** A copy of more than this lets others of this process work meanwhile. */
const LARGE = 1024 * 1024;
/** By reference where the file system can, which costs no room. */
const NEW = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

/** A file in a directory. */
export interface FileIn {
  readonly directory: ByteDirectory;
  readonly name: ByteName;
}

interface OpenFile {
  readonly fd: number;
  readonly size: number;
}

/** A regular file, open for reading; undefined for anything else. Whoever opens it closes it. */
function openRegular({ directory, name }: FileIn): OpenFile | undefined {
  const fd = directory.openFile(name);
  if (fd === undefined) {
    return undefined;
  }
  const status = fstatSync(fd);
  if (status.isFile()) {
    return { fd, size: status.size };
  }
  closeSync(fd);
  return undefined;
}

/** Opens it for the time of `use`; false where it is no regular file. */
async function withRegular(file: FileIn, use: (open: OpenFile) => Promise<boolean>): Promise<boolean> {
  const open = openRegular(file);
  if (open === undefined) {
    return false;
  }
  try {
    return await use(open);
  } finally {
    closeSync(open.fd);
  }
}

export type SameContent = (one: FileIn, other: FileIn) => Promise<boolean>;

/** Tells whether two files have the same bytes; what is no file has none. For one comparison at a time. */
export function createComparer(breathe: Breather): SameContent {
  const [left, right] = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)];

  function isSameChunk(one: number, other: number, at: number): boolean {
    const length = readSync(one, left, 0, CHUNK, at);
    return length === readSync(other, right, 0, CHUNK, at) && left.compare(right, 0, length, 0, length) === 0;
  }

  async function isSame(one: OpenFile, other: OpenFile): Promise<boolean> {
    if (one.size !== other.size) {
      return false;
    }
    for (let at = 0; at < one.size; at += CHUNK) {
      if (!isSameChunk(one.fd, other.fd, at)) {
        return false;
      }
      await breathe();
    }
    return true;
  }

  return (one, other) => withRegular(one, (a) => withRegular(other, (b) => isSame(a, b)));
}

/**
 * Copies a file with its permissions to where nothing is; false when it is no regular file any more.
 * @throws PillionError `write_failed`
 */
export function copyRegularFile(from: FileIn, to: FileIn): Promise<boolean> {
  return withRegular(from, async ({ fd, size }) => {
    const source = descriptorPath(fd, `${from.directory.path}/${shownName(from.name)}`);
    const target = entryPath(to.directory.path, to.name);
    try {
      await (size > LARGE ? copyFile(source, target, NEW) : copyFileSync(source, target, NEW));
      return true;
    } catch (error) {
      throw fileError(FILE_ERRORS.write_failed, `${to.directory.shownPath}/${shownName(to.name)}`, error);
    }
  });
}
