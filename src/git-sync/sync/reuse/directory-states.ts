/**
 * What the directories of a tree are like. Nobody can add, remove or replace an entry of a directory, or change its
 * permissions, without the system setting its ctime, which no program can set back.
 */
import type { Stats } from 'node:fs';
import process from 'node:process';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { statsBelow } from '../../../core/foreign-files/stats-below.ts';

export interface DirectoryState {
  /** Changes with the directory. */
  readonly text: string;
  /** Only this user can write there. */
  readonly isOurs: boolean;
  /** Milliseconds since the epoch; with the fraction that the file system keeps. */
  readonly changedAt: number;
}

const WRITABLE_BY_OTHERS = 0o022;

function stateOf(status: Stats | undefined): DirectoryState | undefined {
  if (status?.isDirectory() !== true) {
    return undefined;
  }
  const { dev, ino, mode, uid, gid, nlink, mtimeMs, ctimeMs } = status;
  return {
    text: [dev, ino, mode, uid, gid, nlink, mtimeMs, ctimeMs].join(' '),
    isOurs: uid === process.geteuid?.() && (mode & WRITABLE_BY_OTHERS) === 0,
    changedAt: ctimeMs,
  };
}

/**
 * The states of directories below one that is held open; what is none is left out.
 * @param paths relative to it, each byte as one character
 */
export async function readStates(
  top: ForeignDirectory,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, DirectoryState>> {
  const states = new Map<string, DirectoryState>();
  await statsBelow(top, paths, signal, (path, status) => {
    const state = stateOf(status);
    if (state !== undefined) {
      states.set(path, state);
    }
  });
  return states;
}

/** States as text that is small to keep, and back. */
export function packStates(states: ReadonlyMap<string, DirectoryState>): string {
  return [...states].map(([path, { text }]) => `${path}\0${text}\0`).join('');
}

export function unpackStates(packed: string): Map<string, string> {
  const parts = packed.split('\0');
  const states = new Map<string, string>();
  for (let index = 0; index + 1 < parts.length; index += 2) {
    states.set(parts[index] ?? '', parts[index + 1] ?? '');
  }
  return states;
}
