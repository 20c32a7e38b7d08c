/** Reading and replacing an output, on a volume that others write to as well. */
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isPillionError } from '../../core/errors.ts';
import { type ForeignDirectory, openForeignRoot } from '../../core/foreign-files/directory.ts';
import { OUTPUT_ERRORS } from './errors.ts';

/** A file as it is now. */
export interface FormerFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** One output, its directory held open. */
export interface OutputStore {
  /**
   * What is there; undefined when nothing is, or something that is replaced without being read: a link, a pipe, a socket.
   * @throws PillionError `output_not_replaceable`, `read_failed`
   */
  read(): Promise<FormerFile | undefined>;
  /**
   * Replaces the file as a whole: a new one in the same directory gets its owner and mode, then its content, is flushed,
   * and takes the name. Whoever reads sees the former content or the new one.
   * @throws PillionError `output_is_mount`, `owner_not_kept`, `write_failed`; the former content stands
   */
  replace(content: Buffer, mode: number, former: FormerFile | undefined): Promise<void>;
}

/** A userlist with a token for each of a hundred users stays far below. */
const MAX_FORMER_BYTES = 4 * 1024 * 1024;

/** Opens the directory of an output for the time of `use`. */
export async function withOutput<T>(path: string, use: (store: OutputStore) => Promise<T>): Promise<T> {
  const directory = await openForeignRoot(dirname(path));
  try {
    return await use(createStore(path, directory));
  } finally {
    await directory.close();
  }
}

function createStore(path: string, directory: ForeignDirectory): OutputStore {
  const name = basename(path);
  return {
    async read(): Promise<FormerFile | undefined> {
      const stats = await directory.stat(name);
      if (stats?.isDirectory()) {
        throw OUTPUT_ERRORS.output_not_replaceable({ path, why: 'there is a directory' });
      }
      const found = await directory.read(name, { maxBytes: MAX_FORMER_BYTES });
      if (found.kind === 'too-large') {
        const why = `the file there has more than ${MAX_FORMER_BYTES} bytes`;
        throw OUTPUT_ERRORS.output_not_replaceable({ path, why });
      }
      if (found.kind === 'denied') {
        const why = 'this user may not read the file there, and so not keep what others have in it';
        throw OUTPUT_ERRORS.output_not_replaceable({ path, why });
      }
      return found.kind === 'file' && stats !== undefined
        ? { content: found.bytes, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid }
        : undefined;
    },
    async replace(content, mode, former): Promise<void> {
      try {
        const prepare = (file: FileHandle): Promise<void> => keepOwner(file, path, mode, former);
        await directory.write(name, content, { mode, prepare });
      } catch (error) {
        const isMount = isPillionError(error) && error.facts['systemCode'] === 'EBUSY';
        throw isMount ? OUTPUT_ERRORS.output_is_mount({ path }, { cause: error }) : error;
      }
    },
  };
}

/** Only root may give files away; others may still choose among their groups. */
async function keepOwner(
  file: FileHandle,
  path: string,
  mode: number,
  former: FormerFile | undefined,
): Promise<void> {
  const fresh = await file.stat();
  if (former === undefined || (former.uid === fresh.uid && former.gid === fresh.gid)) {
    return;
  }
  if (await couldChange(file, former.uid, former.gid)) {
    return;
  }
  const isGroupKept = former.gid === fresh.gid || (await couldChange(file, fresh.uid, former.gid));
  const groupMayRead = (mode & 0o040) !== 0;
  const othersMayRead = (mode & 0o004) !== 0;
  if (!isGroupKept && groupMayRead && !othersMayRead) {
    throw OUTPUT_ERRORS.owner_not_kept({ path, group: former.gid });
  }
}

async function couldChange(file: FileHandle, uid: number, gid: number): Promise<boolean> {
  try {
    await file.chown(uid, gid);
    return true;
  } catch {
    return false;
  }
}
