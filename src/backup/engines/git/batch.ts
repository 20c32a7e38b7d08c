/** What `git cat-file --batch` says, as it comes: objects one after the other, each with its content. */
import { BACKUP_ERRORS } from '../../errors.ts';

export interface ObjectTaker {
  /** The next object begins. */
  begin(id: string, type: string, size: number): void;
  /** A part of its content, good until this returns. */
  content(bytes: Buffer): void;
  end(): void;
}

const NEWLINE = 0x0a;
const MAX_HEADER_BYTES = 1000;

export interface BatchReader {
  push(chunk: Buffer): void;
  /** @throws PillionError `restore_failed` when it ended in the middle of an object */
  end(): void;
}

/** @throws PillionError `restore_failed` for an object that is missing, and what the taker throws */
export function createBatchReader(taker: ObjectTaker): BatchReader {
  let header = Buffer.alloc(0);
  /** Bytes that are still to come of an object; undefined between two. */
  let left: number | undefined;

  function begin(line: string): void {
    const match = /^([0-9a-f]{40,64}) (\w+) (\d{1,15})$/.exec(line);
    if (match === null) {
      throw BACKUP_ERRORS.restore_failed({
        message: `git does not have what the snapshot needs: ${line.slice(0, 200)}`,
        hint: 'the repository is damaged: see `git fsck` there',
      });
    }
    left = Number(match[3]);
    taker.begin(match[1] ?? '', match[2] ?? '', left);
  }

  return {
    push(chunk) {
      let rest = chunk;
      while (rest.length > 0) {
        if (left === undefined) {
          const end = rest.indexOf(NEWLINE);
          header = Buffer.concat([header, rest.subarray(0, end === -1 ? MAX_HEADER_BYTES : end)]);
          if (end === -1 && header.length < MAX_HEADER_BYTES) {
            return;
          }
          rest = rest.subarray(end + 1);
          const line = header.toString('latin1');
          header = Buffer.alloc(0);
          begin(line);
        } else if (left > 0) {
          const bytes = rest.subarray(0, left);
          taker.content(bytes);
          left -= bytes.length;
          rest = rest.subarray(bytes.length);
        } else {
          rest = rest.subarray(1); // the line end after the content
          left = undefined;
          taker.end();
        }
      }
    },
    end() {
      if (left !== undefined || header.length > 0) {
        throw BACKUP_ERRORS.restore_failed({ message: 'git ended in the middle of an object' });
      }
    },
  };
}
