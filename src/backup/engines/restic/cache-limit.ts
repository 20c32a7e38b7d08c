/**
 * restic's cache grows with its repository and knows no limit: it only forgets repositories that were not used for a month.
 * What is over ours goes, a whole repository at a time, the one that was used longest ago first; restic then fetches again
 * what it needs.
 */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../../core/errors.ts';
import { removeTree } from '../../../core/files.ts';
import { cacheFolder } from './environment.ts';

interface Cached {
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/**
 * Leaves at most so many bytes.
 * @returns bytes that were removed
 * @throws the system's error
 */
export async function boundCache(workDir: string, limit: number): Promise<number> {
  const folder = cacheFolder(workDir);
  const cached: Cached[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    // restic sets the time of a repository's folder whenever it uses it.
    const { mtimeMs } = await lstat(path);
    cached.push({ path, bytes: await bytesBelow(path), usedAt: mtimeMs });
  }
  let kept = 0;
  let removed = 0;
  for (const { path, bytes } of cached.toSorted((a, b) => b.usedAt - a.usedAt)) {
    if (kept + bytes <= limit) {
      kept += bytes;
    } else {
      removed += bytes;
      await removeTree(path);
    }
  }
  return removed;
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(folder)) {
      names.push(name);
    }
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') {
      throw error;
    }
  }
  return names;
}

const BLOCK_BYTES = 512;

/** What it takes of the disk; what goes meanwhile counts for nothing. */
async function bytesBelow(top: string): Promise<number> {
  let bytes = 0;
  const waiting = [top];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const status = await lstat(path).catch(() => undefined);
    bytes += (status?.blocks ?? 0) * BLOCK_BYTES;
    if (status?.isDirectory() === true) {
      const folder = path;
      waiting.push(...(await namesIn(folder)).map((name) => join(folder, name)));
    }
  }
  return bytes;
}
