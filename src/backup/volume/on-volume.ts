/** Whether what is kept apart from a volume would be on it after all. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** Links are followed; neither path needs to be there. */
export function isOnVolume(volume: string, path: string): boolean {
  const way = relative(realPath(volume), realPath(path));
  return way !== '..' && !way.startsWith('../');
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}
