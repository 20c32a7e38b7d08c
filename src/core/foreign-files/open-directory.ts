import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';

/** Neither follows a link in the last part of the path nor waits for anything. */
export const DIRECTORY_FLAGS =
  constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What stands in the place of a directory and is none. */
const NOT_A_DIRECTORY = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);

/** Opens a directory without following a link at `path`; undefined when there is none, or something else. */
export async function openIfDirectory(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, DIRECTORY_FLAGS);
  } catch (error) {
    if (NOT_A_DIRECTORY.has(systemErrorCode(error) ?? '')) {
      return undefined;
    }
    throw error;
  }
}

/** Makes a directory in an open one unless something is there already, and opens it. */
export async function makeAndOpen(path: string, mode: number): Promise<FileHandle | undefined> {
  const found = await openIfDirectory(path);
  if (found !== undefined) {
    return found;
  }
  if ((await lstat(path).catch(() => undefined)) !== undefined) {
    return undefined;
  }
  await mkdir(path, { mode }).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'EEXIST') {
      throw error;
    }
  });
  return openIfDirectory(path);
}
