/** Files of a manifest, picked at random and without reading all of it: the same for the same manifest. */
import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import type { FileEntry } from './entry.ts';
import { LineFault, parseEntry } from './format.ts';

const READ = constants.O_RDONLY | constants.O_NOFOLLOW;
/** More than a line has as a rule; one that is longer is not picked. */
const WINDOW_BYTES = 4096;
const NEWLINE = 0x0a;
/** Up to here all is read. */
const SMALL_BYTES = 256 * 1024;

/**
 * Regular files whose content the manifest knows.
 * @param count at most so many
 * @param seed the digest of the manifest
 * @throws PillionError `read_failed`
 */
export function pickFiles(manifest: string, count: number, seed: string): readonly FileEntry[] {
  try {
    const fd = openSync(manifest, READ);
    try {
      const { size } = fstatSync(fd);
      const lines = size <= SMALL_BYTES ? allLines(fd, size, seed) : someLines(fd, size, count, seed);
      const found = new Map<string, FileEntry>();
      for (const line of lines) {
        const entry = fileOf(line);
        if (entry !== undefined && found.size < count) {
          found.set(entry.path, entry);
        }
      }
      return [...found.values()];
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, manifest, error);
  }
}

function allLines(fd: number, size: number, seed: string): string[] {
  const text = readAt(fd, 0, Buffer.allocUnsafe(size)).toString('latin1');
  const order = (line: string) => hash('sha256', `${seed}\0${line}`, 'hex');
  const lines = text.split('\n').map((line) => ({ line, order: order(line) }));
  return lines.toSorted((a, b) => (a.order < b.order ? -1 : 1)).map(({ line }) => line);
}

/** Twice as many as are wanted: directories and links are among them, and some are picked twice. */
function* someLines(fd: number, size: number, count: number, seed: string): Generator<string> {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  for (let number = 0; number < 2 * count; number += 1) {
    const random = hash('sha256', `${seed}\0${number}`, 'buffer').readUIntBE(0, 6) / 2 ** 48;
    const bytes = readAt(fd, Math.floor(random * size), window);
    const start = bytes.indexOf(NEWLINE);
    const end = bytes.indexOf(NEWLINE, start + 1);
    if (start !== -1 && end !== -1) {
      // A part of a longer text would keep all of that in memory.
      yield bytes.toString('latin1', start + 1, end);
    }
  }
}

function readAt(fd: number, position: number, into: Buffer): Buffer {
  let done = 0;
  for (let length = -1; length !== 0 && done < into.length; done += length) {
    length = readSync(fd, into, done, into.length - done, position + done);
  }
  return into.subarray(0, done);
}

function fileOf(line: string): FileEntry | undefined {
  try {
    const entry = parseEntry(line);
    return entry.type === 'file' && entry.sha256 !== undefined && !entry.isChanging ? entry : undefined;
  } catch (error) {
    if (error instanceof LineFault) {
      return undefined; // a comment, or the end
    }
    throw error;
  }
}
