/** Reads files of a volume in the order of its manifest, and makes sure that they are still as it says. */
import type { BigIntStats } from 'node:fs';
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { readStableFile } from './content.ts';
import { type BytePath, type FileEntry, nameOf, parentOf, shownPath } from './entry.ts';
import { MANIFEST_ERRORS } from './errors.ts';

export interface VolumeReader {
  /**
   * Hands out the content of a file. What was handed out before it fails must not be used.
   * @throws PillionError `volume_changed` when it is not the content of the manifest, or changed on the way
   */
  read(
    entry: FileEntry,
    consume: (bytes: Buffer, status: BigIntStats) => void | Promise<void>,
  ): Promise<{ readonly size: number; readonly sha256: string }>;
  /** The first directory on the way to it that is not there, or itself; undefined when it is there. */
  missing(path: BytePath): BytePath | undefined;
  close(): void;
}

/** @param signal ends the wait for a file that somebody has leased */
export function createVolumeReader(volume: string, signal: AbortSignal): VolumeReader {
  const root = openByteRoot(volume);
  let levels: { readonly path: BytePath; readonly directory: ByteDirectory }[] = [];

  /** Directories stay open until a file of another one is asked for. */
  function open(path: BytePath): ByteDirectory | undefined {
    const isAbove = (level: BytePath) => path === level || path.startsWith(`${level}/`);
    levels.filter((level) => !isAbove(level.path)).forEach(({ directory }) => directory.close());
    levels = levels.filter((level) => isAbove(level.path));
    let current = levels.at(-1)?.directory ?? root;
    const done = levels.at(-1)?.path;
    const parts = path === '' ? [] : path.split('/');
    for (let count = done === undefined ? 1 : done.split('/').length + 1; count <= parts.length; count += 1) {
      const next = current.open(parts[count - 1] ?? '');
      if (next === undefined) {
        return undefined;
      }
      levels.push({ path: parts.slice(0, count).join('/'), directory: next });
      current = next;
    }
    return current;
  }

  return {
    async read(entry, consume) {
      const directory = open(parentOf(entry.path) ?? '');
      const content =
        directory === undefined
          ? undefined
          : await readStableFile(directory, nameOf(entry.path), {
              consume,
              takesTorn: entry.isChanging,
              signal,
            });
      const isAsStored = content !== undefined && (entry.isChanging || content.sha256 === entry.sha256);
      if (!isAsStored) {
        throw MANIFEST_ERRORS.volume_changed({
          message: `${shownPath(entry.path)} changed while the volume was backed up`,
        });
      }
      return content;
    },
    missing(path) {
      const parts = path.split('/');
      for (let count = 1; count <= parts.length; count += 1) {
        const part = parts.slice(0, count).join('/');
        if (open(parentOf(part) ?? '')?.stat(nameOf(part)) === undefined) {
          return part;
        }
      }
      return undefined;
    },
    close() {
      levels.forEach(({ directory }) => directory.close());
      root.close();
    },
  };
}
