import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { makeTempDir, removeTempDir } from './temp.ts';

export interface TestTempDir {
  /** The directory of the running test. */
  readonly path: string;
  /** A path inside it; nothing is created. */
  join(...names: string[]): string;
}

/** Gives each test of the file a directory of its own, removed after the test. Apart from temp.ts because of vitest. */
export function useTempDir(): TestTempDir {
  let current = '';
  beforeEach(async () => {
    current = await makeTempDir();
  });
  afterEach(async () => {
    await removeTempDir(current);
  });
  return {
    get path() {
      return current;
    },
    join: (...names) => path.join(current, ...names),
  };
}
