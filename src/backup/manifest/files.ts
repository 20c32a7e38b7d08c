/** Manifests as files: written line by line, read chunk by chunk. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { createBreather } from '../../core/breather.ts';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import type { ManifestSummary } from '../model.ts';
import type { Entry } from './entry.ts';
import { MANIFEST_ERRORS } from './errors.ts';
import { FIRST_LINE, formatEntry, VERSION_LINE } from './format.ts';
import { createManifestParser, endLine } from './parser.ts';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

export interface ManifestWriter {
  /** Entries come in the order of the tree. */
  add(entry: Entry): void;
  /** An entry for a file of so many bytes, as `formatEntry` would write it. */
  addFileLine(line: string, bytes: number): void;
  /** Writes the end, and closes the file. */
  finish(): ManifestSummary;
  /** Closes it as it is; after `finish` there is nothing to close. */
  close(): void;
}

/** @throws PillionError `write_failed`, as do all of its functions */
export function createManifestWriter(path: string): ManifestWriter {
  const hash = createHash('sha256');
  const counted = { entries: 0, files: 0, bytes: 0 };
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let filled = 0;
  let fd = attempt(() => openSync(path, WRITE, 0o600));

  function attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fileError(FILE_ERRORS.write_failed, path, error);
    }
  }

  function put(bytes: Buffer): void {
    hash.update(bytes);
    attempt(() => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(fd, bytes, done);
      }
    });
  }

  function flush(): void {
    put(chunk.subarray(0, filled));
    filled = 0;
  }

  function close(): void {
    if (fd !== -1) {
      closeSync(fd);
      fd = -1;
    }
  }

  /** Into memory that is there already: a text that grows is much to collect. */
  function writeLine(line: string): void {
    if (filled + line.length >= chunk.length) {
      flush();
    }
    if (line.length >= chunk.length) {
      put(Buffer.from(`${line}\n`, 'latin1'));
      return;
    }
    filled += chunk.write(line, filled, 'latin1');
    chunk[filled] = NEWLINE;
    filled += 1;
  }

  function write(line: string): void {
    counted.entries += 1;
    writeLine(line);
  }

  function countFile(size: number): void {
    counted.files += 1;
    counted.bytes += size;
  }

  writeLine(FIRST_LINE);
  writeLine(VERSION_LINE);
  return {
    add(entry) {
      if (entry.type === 'file') {
        countFile(entry.size);
      }
      write(formatEntry(entry));
    },
    addFileLine(line, size) {
      countFile(size);
      write(line);
    },
    finish() {
      flush();
      writeLine(endLine(counted, hash.copy().digest('hex')));
      flush();
      close();
      return { ...counted, digest: hash.digest('hex') };
    },
    close,
  };
}

/** What a manifest sums up to that is not read to its end. */
export const NONE: ManifestSummary = { entries: 0, files: 0, bytes: 0, digest: '' };

/**
 * The entries of a manifest; when all have been taken without an error, it was complete. Who takes them lets others work in
 * between (`createBreather`), as for `readManifest`.
 * @returns what it sums up to
 * @throws PillionError `manifest_invalid`, `read_failed`
 */
export function* manifestEntries(path: string): Generator<Entry, ManifestSummary, undefined> {
  const parser = createManifestParser();
  for (const bytes of manifestChunks(path)) {
    yield* parser.push(bytes);
  }
  return parser.end();
}

/**
 * The same for who does not mind what asynchronous generators cost.
 * @throws PillionError `manifest_invalid`, `read_failed`, or the signal's reason
 */
export async function* readManifest(
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Entry, ManifestSummary, undefined> {
  const breathe = createBreather(signal);
  const parser = createManifestParser();
  for (const bytes of manifestChunks(path)) {
    await breathe();
    yield* parser.push(bytes);
  }
  await breathe();
  return parser.end();
}

/** Its bytes, each time in the same memory; nothing of them is looked at. */
export function* manifestChunks(path: string): Generator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const fd = openManifest(path);
  try {
    for (;;) {
      const length = readChunk(fd, buffer, path);
      if (length === 0) {
        return;
      }
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

/** Its lines as they are, without what ends each; what follows the last end is left out. */
export function* manifestLines(path: string): Generator<string, void, undefined> {
  let rest = '';
  for (const bytes of manifestChunks(path)) {
    const lines = (rest + bytes.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function openManifest(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, READ);
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, path, error);
  }
  if (!fstatSync(fd).isFile()) {
    closeSync(fd);
    throw MANIFEST_ERRORS.manifest_invalid({ line: 0, reason: 'it is no file' });
  }
  return fd;
}

function readChunk(fd: number, buffer: Buffer, path: string): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, null);
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, path, error);
  }
}

/** Counts and sums of a manifest, all of which is checked on the way. */
export async function summariseManifest(path: string, signal: AbortSignal): Promise<ManifestSummary> {
  const entries = readManifest(path, signal);
  for (;;) {
    const next = await entries.next();
    if (next.done === true) {
      return next.value;
    }
  }
}
