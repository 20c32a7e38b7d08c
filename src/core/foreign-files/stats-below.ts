/** Looks at many places below an open directory at a time; what is found there is data, and nothing of it is opened. */
import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { untilAborted } from '../until-aborted.ts';
import type { ForeignDirectory } from './directory.ts';
import { type ByteName, entryPath } from './entry-name.ts';

/** Places that are looked at a time. */
const BATCH = 32;

/**
 * Calls `use` for each path, in their order, with what is there; undefined where nothing is, or nothing can be seen. A link
 * on the way is followed: whoever goes by the answer looks at each directory on the way as well.
 * @param paths relative, of several parts
 * @throws the signal's reason
 */
export async function statsBelow(
  { path: top }: ForeignDirectory,
  paths: readonly ByteName[],
  signal: AbortSignal,
  use: (path: ByteName, status: Stats | undefined, index: number) => void,
): Promise<void> {
  for (let from = 0; from < paths.length; from += BATCH) {
    const some = paths.slice(from, from + BATCH);
    const looking = some.map((path) => lstat(entryPath(top, path)).catch(() => undefined));
    const found = await untilAborted(Promise.all(looking), signal);
    some.forEach((path, index) => use(path, found[index], from + index));
  }
}

async function countIn(path: string | Buffer, most: number): Promise<number> {
  let count = 0;
  for await (const _ of await opendir(path, { encoding: 'latin1' })) {
    count += 1;
    if (count > most) {
      break;
    }
  }
  return count;
}

/** How many entries a directory has; of more than `most`, one more than that. The empty path is the top itself. */
export function countBelow(
  { path: top }: ForeignDirectory,
  path: ByteName,
  most: number,
  signal: AbortSignal,
): Promise<number> {
  return untilAborted(countIn(entryPath(top, path), most), signal);
}
