import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors.ts';

/**
 * Makes a directory and those above it that are missing; one that is there already is fine. Not `mkdir` with
 * `recursive`: Node then spins without end, deaf to signals, where a directory exists and nothing can be made in it
 * although the system says ENOENT (/proc, some FUSE and network volumes).
 * @throws the system's error
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const parent = dirname(path);
    if (systemErrorCode(error) === 'ENOENT') {
      if (!(await isDirectory(parent))) {
        await makeDirectory(parent, mode);
      }
      // Once more in any case: somebody else may have made the parent since.
      await makeLast(path, mode);
    } else if (!(await isDirectory(path))) {
      throw error;
    }
  }
}

/** Somebody else may have made it in the meantime. */
async function makeLast(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (!(await isDirectory(path))) {
      throw error;
    }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
