import { existsSync } from 'node:fs';
import process from 'node:process';

/**
 * A path that leads to an open directory itself, whatever has become of its name. Without /proc there is no such path:
 * then it is the name, and a neighbour who replaces it is only noticed when it is opened.
 */
export function descriptorPath(fd: number, name: string): string {
  return hasProc() ? `/proc/self/fd/${fd}` : name;
}

export const isDescriptorPath = (path: string): boolean => path.startsWith('/proc/self/fd/');

/** The same for a child, as long as this process lives and keeps the directory open. */
export function descriptorPathForChildren(fd: number, name: string): string {
  return hasProc() ? `/proc/${process.pid}/fd/${fd}` : name;
}

let proc: boolean | undefined;

function hasProc(): boolean {
  proc ??= existsSync('/proc/self/fd');
  return proc;
}
