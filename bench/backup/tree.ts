/** A volume for measurements. */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const PER_DIRECTORY = 200;
const SMALL_BYTES = 2048;
const LARGE_FILES = 4;
const CHUNK_BYTES = 1024 * 1024;

export interface TreeSize {
  readonly files: number;
  /** In a few large files, besides the small ones. */
  readonly bytes: number;
}

/** Random content, so that nothing is saved by compression or by equal blocks. */
export function makeTree(root: string, { files, bytes }: TreeSize): void {
  for (let index = 0; index < files; index += 1) {
    const directory = join(root, `d${Math.floor(index / PER_DIRECTORY)}`);
    if (index % PER_DIRECTORY === 0) {
      mkdirSync(directory, { recursive: true });
    }
    writeFileSync(join(directory, `f${index}`), randomBytes(1 + ((index * 37) % SMALL_BYTES)));
  }
  mkdirSync(root, { recursive: true });
  for (let number = 0; number < LARGE_FILES; number += 1) {
    const file = openSync(join(root, `large${number}`), 'w');
    for (let left = bytes / LARGE_FILES; left > 0; left -= CHUNK_BYTES) {
      writeSync(file, randomBytes(Math.min(CHUNK_BYTES, left)));
    }
    closeSync(file);
  }
}

/** Changes one small file in `every`. */
export function changeTree(root: string, { files }: TreeSize, every: number): void {
  for (let index = 0; index < files; index += every) {
    writeFileSync(join(root, `d${Math.floor(index / PER_DIRECTORY)}`, `f${index}`), randomBytes(SMALL_BYTES));
  }
}
