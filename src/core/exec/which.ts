import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What execvp(3) searches when PATH is not set. */
export const DEFAULT_PATH = '/bin:/usr/bin';

/**
 * The file that starting `name` with this PATH would run, looked up as execvp(3) does and without a child process.
 * A name with a slash is taken as it is. Undefined when there is none that this user may execute.
 */
export async function findProgram(
  name: string,
  pathVariable: string | undefined,
): Promise<string | undefined> {
  if (name === '') {
    return undefined;
  }
  if (name.includes('/')) {
    return (await isExecutable(name)) ? name : undefined;
  }
  return await firstOnPath(name, pathVariable, isExecutable);
}

/** The file on the PATH that was meant by a name without a slash, also when it may not be executed. */
export async function locateProgram(
  name: string,
  pathVariable: string | undefined,
): Promise<string | undefined> {
  return (
    (await firstOnPath(name, pathVariable, isExecutable)) ?? (await firstOnPath(name, pathVariable, isFile))
  );
}

async function firstOnPath(
  name: string,
  pathVariable: string | undefined,
  accepts: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const directory of (pathVariable ?? DEFAULT_PATH).split(':')) {
    const candidate = join(directory === '' ? '.' : directory, name);
    if (await accepts(candidate)) {
      return candidate;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return await isFile(path);
  } catch {
    return false;
  }
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true;
}
