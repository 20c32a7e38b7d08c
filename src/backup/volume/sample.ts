/**
 * A sample of the files of the last snapshot, kept on the volume: what has the size and the time that it had then must have
 * the content, too. What was changed since then says nothing, since it is the application that changes files.
 */
import { hash } from 'node:crypto';
import * as v from 'valibot';
import { createBreather } from '../../core/breather.ts';
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { wholeNumber } from '../../core/whole-number.ts';
import { readNote, withMadeOwnFolder, withOwnFolder, writeRecord } from '../commit/own-folder.ts';
import { isSameTime } from '../manifest/compare.ts';
import { readStableFile } from '../manifest/content.ts';
import { type FileEntry, nameOf, parentOf, shownPath } from '../manifest/entry.ts';
import { inDirectory } from '../manifest/in-directory.ts';
import { pickFiles } from '../manifest/sample.ts';
import { isSettled } from '../manifest/unsettled.ts';
import { MAX_SAMPLE } from '../model.ts';

const RECORD = 'sample.json';
/** So that the record stays one that can be read. */
const MAX_PATHS_BYTES = 128 * 1024;
/** For each use: a sample is to be cheap, and says what it says. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_MS = 30_000;

const isPath = (path: string): boolean =>
  path.split('/').every((part) => !['', '.', '..'].includes(part) && !/[\0\u0100-\uffff]/.test(part));

const FILE = v.object({
  /** Each byte as one character. */
  path: v.pipe(v.string(), v.maxLength(128 * 1024), v.check(isPath, 'no path')),
  size: wholeNumber(),
  mtimeNs: v.pipe(v.string(), v.regex(/^-?\d{1,21}$/)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
const SAMPLE = v.object({
  version: v.literal(1),
  /** Of the files, as text: a disk that spoils the volume may spoil this record. */
  digest: v.string(),
  files: v.array(FILE),
});
type SampledFile = v.InferOutput<typeof FILE>;

const digestOf = (files: readonly SampledFile[]): string => hash('sha256', JSON.stringify(files), 'hex');

/** Files for a record, from the manifest of what is, or is about to be, on the volume. */
export function sampleOf(manifest: string, seed: string): readonly FileEntry[] {
  let left = MAX_PATHS_BYTES;
  return pickFiles(manifest, MAX_SAMPLE, seed).filter(({ path }) => {
    left -= path.length;
    return left >= 0;
  });
}

/** Replaces the sample on the volume. */
export async function writeSample(volume: string, files: readonly FileEntry[]): Promise<void> {
  const sampled = files.map(({ path, size, mtimeNs, sha256 = '' }) => ({
    path,
    size,
    mtimeNs: String(mtimeNs),
    sha256,
  }));
  await withMadeOwnFolder(volume, (folder) =>
    writeRecord(folder, RECORD, { version: 1, digest: digestOf(sampled), files: sampled }),
  );
}

/** One that is damaged, or was written by something else, says nothing about the volume. */
async function readSample(volume: string): Promise<readonly SampledFile[]> {
  return await withOwnFolder(volume, { isMade: false }, async (folder) => {
    const found = await (folder && readNote(folder, RECORD, (value) => v.parse(SAMPLE, value)));
    return found !== undefined && digestOf(found.files) === found.digest ? found.files : [];
  });
}

/** What files of the sample have other content than they had, as lines for people. */
export async function sampleProblems(
  volume: string,
  count: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const root = openByteRoot(volume);
  const reader = createReader(root, signal);
  const files = (await readSample(volume)).toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  let looked = 0;
  try {
    for (const file of files) {
      if (looked >= count || reader.isExhausted()) {
        break;
      }
      const isSame = await reader.isSame(file);
      looked += isSame === undefined ? 0 : 1;
      if (isSame === false) {
        problems.push(
          `${shownPath(file.path)} has other content than in the last snapshot, with the same size and time`,
        );
      }
    }
    return problems;
  } finally {
    root.close();
  }
}

/**
 * Those of which a later change would be seen: a file that was read just when it changed may have changed once more in the same
 * tick of the file system's clock, so it is read again.
 */
export async function settledFiles(
  volume: string,
  files: readonly FileEntry[],
  signal: AbortSignal,
): Promise<readonly FileEntry[]> {
  const root = openByteRoot(volume);
  const reader = createReader(root, signal);
  const settled: FileEntry[] = [];
  try {
    for (const file of files) {
      const { sha256, size, mtimeNs, path } = file;
      const isKnown = file.identity?.isRecent !== true;
      const isTaken =
        isKnown ||
        (sha256 !== undefined &&
          !reader.isExhausted() &&
          isSettled(mtimeNs, Date.now()) &&
          (await reader.isSame({ path, size, mtimeNs: String(mtimeNs), sha256 })) === true);
      if (isTaken) {
        settled.push(file);
      }
    }
    return settled;
  } finally {
    root.close();
  }
}

function createReader(root: ByteDirectory, signal: AbortSignal) {
  const breathe = createBreather(signal);
  const end = performance.now() + MAX_MS;
  let bytesLeft = MAX_BYTES;
  return {
    isExhausted: () => bytesLeft <= 0 || performance.now() >= end,
    /** Undefined for what was changed since, is gone, or is too large for what is left to be read. */
    async isSame({ path, size, mtimeNs, sha256 }: SampledFile): Promise<boolean | undefined> {
      signal.throwIfAborted();
      if (size > bytesLeft) {
        return undefined;
      }
      const isAsRecorded = (status: { readonly size: bigint; readonly mtimeNs: bigint }): boolean =>
        status.size === BigInt(size) && isSameTime(status.mtimeNs, BigInt(mtimeNs));
      return await inDirectory(root, parentOf(path) ?? '', async (parent) => {
        const status = parent.stat(nameOf(path));
        if (status?.isFile() !== true || !isAsRecorded(status)) {
          return undefined;
        }
        bytesLeft -= size;
        const content = await readStableFile(parent, nameOf(path), { breathe });
        return content === undefined || !isAsRecorded(content.status) ? undefined : content.sha256 === sha256;
      });
    },
  };
}
