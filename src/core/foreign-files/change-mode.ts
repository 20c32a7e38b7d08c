import { constants } from 'node:fs';
import { chmod, open, opendir } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';
import { descriptorPath } from './descriptor-path.ts';
import { type ByteName, entryPath } from './entry-name.ts';
import { holdIfDirectory } from './held-directory.ts';

/** Linux: a descriptor of a file without opening it. */
const O_PATH = 0o10000000;

/** Sets the permissions of a file or directory, never through a link; false when there is none to set. */
export async function changeModeOf(path: string | Buffer, mode: number): Promise<boolean> {
  const handle = await open(path, O_PATH | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  if (handle === undefined) {
    return false;
  }
  try {
    if ((await handle.stat()).isSymbolicLink()) {
      return false;
    }
    await chmod(descriptorPath(handle.fd, path.toString()), mode);
    return true;
  } finally {
    await handle.close();
  }
}

/**
 * The same for a directory and all that is below it, files and directories alike, as `chmod -R` does. A directory gets
 * its mode after what is in it.
 */
export async function changeModesOf(
  parent: string,
  name: ByteName,
  mode: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const directory = await holdIfDirectory(entryPath(parent, name));
  if (directory === undefined) {
    return await changeModeOf(entryPath(parent, name), mode);
  }
  try {
    for await (const entry of await opendir(directory.path, { encoding: 'latin1' })) {
      signal?.throwIfAborted();
      if (!entry.isSymbolicLink()) {
        await changeModesOf(directory.path, entry.name, mode, signal);
      }
    }
    await directory.chmod(mode);
    return true;
  } finally {
    await directory.close();
  }
}
