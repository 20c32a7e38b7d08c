/** File systems that are full when a test wants it: in memory, mounted for a test, which takes root. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { mount, unmount } from './mounts.ts';

export interface SmallDisk {
  readonly path: string;
  /** Takes all blocks (`bytes`) or all inodes, with files in a folder of this name. */
  fill(what: 'bytes' | 'inodes', folder?: string): void;
  /** Gives back what `fill` took. */
  free(folder?: string): void;
  setReadOnly(isReadOnly: boolean): void;
}

const BALLAST = 'lost+found';
const BLOCK = Buffer.alloc(64 * 1024);

/** Mounts one over a new directory for as long as it is used. */
export async function withSmallDisk<T>(
  place: string,
  size: { readonly sizeKiB: number; readonly inodes: number },
  use: (disk: SmallDisk) => Promise<T>,
): Promise<T> {
  const disk = mountSmallDisk(place, size);
  try {
    return await use(disk);
  } finally {
    unmount(place);
  }
}

function mountSmallDisk(
  place: string,
  { sizeKiB, inodes }: { readonly sizeKiB: number; readonly inodes: number },
): SmallDisk {
  const options = `size=${sizeKiB}k,nr_inodes=${inodes},mode=755`;
  const problem = mount({ args: ['-t', 'tmpfs', '-o', options, 'tmpfs'], target: place });
  if (problem !== '') {
    throw new Error(`cannot mount a file system over ${place}: ${problem}`);
  }
  return {
    path: place,
    fill(what, folder = BALLAST) {
      const ballast = path.join(place, folder);
      mkdirSync(ballast, { recursive: true });
      untilFull(() => (what === 'bytes' ? grow(path.join(ballast, 'ballast')) : addFiles(ballast)));
    },
    free: (folder = BALLAST) => rmSync(path.join(place, folder), { recursive: true, force: true }),
    setReadOnly(isReadOnly) {
      mount({ args: ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`], target: place });
    },
  };
}

function untilFull(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) {
      throw error;
    }
  }
}

function grow(file: string): void {
  const fd = openSync(file, 'a');
  try {
    for (;;) {
      writeSync(fd, BLOCK);
    }
  } finally {
    closeSync(fd);
  }
}

function addFiles(folder: string): void {
  for (let number = 0; ; number += 1) {
    closeSync(openSync(path.join(folder, `inode-${number}`), 'w'));
  }
}
