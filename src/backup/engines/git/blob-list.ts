/** The objects of the files of a snapshot: a line each, in the order of its manifest. */
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { FILE_ERRORS, fileError } from '../../../core/files/file-error.ts';
import { BACKUP_ERRORS } from '../../errors.ts';
import type { Entry } from '../../manifest/entry.ts';
import { readManifest } from '../../manifest/files.ts';

const CHUNK = 64 * 1024;

export interface BlobListWriter {
  add(object: string): void;
  close(): void;
}

export function createBlobList(path: string): BlobListWriter {
  let text = '';
  let fd = openSync(path, 'w', 0o600);
  const flush = () => {
    const bytes = Buffer.from(text);
    text = '';
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(fd, bytes, done);
      }
    } catch (error) {
      throw fileError(FILE_ERRORS.write_failed, path, error);
    }
  };
  return {
    add(object) {
      text += `${object}\n`;
      if (text.length >= CHUNK) {
        flush();
      }
    },
    close() {
      if (fd !== -1) {
        try {
          flush();
        } finally {
          closeSync(fd);
          fd = -1;
        }
      }
    },
  };
}

/** An entry of a manifest, and its object when it is a file. */
export interface Located {
  readonly entry: Entry;
  readonly object: string;
}

const OBJECT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** @throws PillionError `manifest_invalid`, and `restore_failed` when the two do not belong to each other */
export async function* readLocated(
  manifest: string,
  blobs: string,
  signal: AbortSignal,
): AsyncGenerator<Located, void, undefined> {
  const stream = createReadStream(blobs, { highWaterMark: CHUNK });
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })[
    Symbol.asyncIterator
  ]();
  try {
    for await (const entry of readManifest(manifest, signal)) {
      if (entry.type !== 'file') {
        yield { entry, object: '' };
        continue;
      }
      const next = await lines.next();
      const object = next.done === true ? '' : next.value;
      if (!OBJECT.test(object)) {
        throw BACKUP_ERRORS.restore_failed({
          message: 'the list of objects does not belong to the manifest',
          hint: 'the repository is damaged, or something else has committed to its branch',
        });
      }
      yield { entry, object };
    }
  } finally {
    stream.destroy();
  }
}
