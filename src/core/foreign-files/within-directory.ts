/**
 * Work from within an open directory. The kernel takes as long to find an open directory through /proc as to do what is asked
 * for one of its entries; from within, a bare name is enough, and cannot lead anywhere else either.
 */
import { constants, openSync } from 'node:fs';
import process from 'node:process';
import { isDescriptorPath } from './descriptor-path.ts';

const O_PATH = 0o10000000;

/** Leads back to where this process is at other times; null when it cannot go away, or could not come back. */
let home: string | null | undefined;
let isAway = false;

/**
 * Goes into an open directory, for synchronous work: nothing else of this process may see where it is meanwhile.
 * @param path of the open directory
 * @returns whether it is there: then `leaveDirectory` must follow. Otherwise its entries are reached by its path
 */
export function enterDirectory(path: string): boolean {
  home ??= isDescriptorPath(path) ? wayBack() : null;
  // One that may not be searched says so for each of its entries.
  if (home === null || isAway || !canGo(path)) {
    return false;
  }
  isAway = true;
  return true;
}

export function leaveDirectory(): void {
  isAway = false;
  if (home === undefined || home === null || !canGo(home)) {
    // Who may not be where this process was started is at least not left in somebody else's directory.
    canGo('/');
    home = null;
  }
}

function wayBack(): string | null {
  try {
    const here = `/proc/self/fd/${openSync('.', O_PATH | constants.O_DIRECTORY)}`;
    return canGo(here) ? here : null;
  } catch {
    return null;
  }
}

/** Threads cannot. */
function canGo(path: string): boolean {
  try {
    process.chdir(path);
    return true;
  } catch {
    return false;
  }
}
