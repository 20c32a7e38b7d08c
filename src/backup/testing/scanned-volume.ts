/** A small volume and its manifest, in a directory of the test's own. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { compareTree } from '../manifest/compare.ts';
import { scanVolume } from '../manifest/scan.ts';
import type { CompareOptions, ScanOptions } from '../model.ts';

export function useScannedVolume() {
  const temp = useTempDir();
  const signal = new AbortController().signal;
  const volume = () => temp.join('volume');
  const manifest = () => temp.join('manifest');
  return {
    temp,
    signal,
    volume,
    manifest,
    scan: (options: Partial<ScanOptions> = {}) =>
      scanVolume(volume(), manifest(), { signal, exclude: [], ...options }),
    compare: (options: Partial<CompareOptions> = {}, tree = volume()) =>
      compareTree(tree, manifest(), { signal, share: 1, ...options }),
    async makeSmall(): Promise<void> {
      await mkdir(`${volume()}/d/e`, { recursive: true });
      await writeFile(`${volume()}/a`, 'a');
      await writeFile(`${volume()}/d/b`, 'bb');
      await writeFile(`${volume()}/d/e/c`, 'ccc');
      await symlink('a', `${volume()}/l`);
    },
  };
}
