/** Reading and replacing an output, on a volume that others write to as well. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { isPillionError, systemErrorCode } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { OUTPUT_ERRORS } from './errors.ts';

/** A file as it is now. */
export interface FormerFile {
  readonly content: Buffer;
  readonly uid: number;
  readonly gid: number;
}

/** A userlist with a token for each of a hundred users stays far below. */
const MAX_FORMER_BYTES = 4 * 1024 * 1024;

/**
 * What is there; undefined when nothing is, or something that is replaced without a look: a symbolic link, a pipe, a
 * socket. Never follows a link and never waits for a writer.
 * @throws PillionError `output_not_a_file`; the system's error when it cannot be read
 */
export async function readFormer(path: string): Promise<FormerFile | undefined> {
  const found = await lstat(path).catch(absent);
  if (found?.isDirectory()) {
    throw OUTPUT_ERRORS.output_not_a_file({ path, kind: 'directory' });
  }
  if (found === undefined || !found.isFile()) {
    return undefined;
  }
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    return stats.isFile()
      ? { content: await readLimited(file, path), uid: stats.uid, gid: stats.gid }
      : undefined;
  } finally {
    await file.close();
  }
}

function absent(error: unknown): undefined {
  if (systemErrorCode(error) === 'ENOENT') {
    return undefined;
  }
  throw error;
}

async function readLimited(file: FileHandle, path: string): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(MAX_FORMER_BYTES + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    length += bytesRead;
    if (length > MAX_FORMER_BYTES) {
      throw OUTPUT_ERRORS.output_not_a_file({ path, kind: `file of more than ${MAX_FORMER_BYTES} bytes` });
    }
    if (bytesRead === 0) {
      return Buffer.from(buffer.subarray(0, length));
    }
  }
}

/**
 * Replaces the file as a whole: a new one in the same directory gets its owner and mode, then its content, is flushed,
 * and takes the name. Whoever reads sees the former content or the new one.
 * @throws PillionError `output_is_mount`, `owner_not_kept`, `write_failed`; the former content stands
 */
export async function replaceFile(
  path: string,
  content: Buffer,
  mode: number,
  former: FormerFile | undefined,
): Promise<void> {
  try {
    await writeFileAtomic(path, content, {
      mode,
      prepare: (file) => keepOwner(file, path, mode, former),
    });
  } catch (error) {
    const isMount = isPillionError(error) && error.facts['systemCode'] === 'EBUSY';
    throw isMount ? OUTPUT_ERRORS.output_is_mount({ path }, { cause: error }) : error;
  }
}

/** Only root may give files away; others may still choose among their groups. */
async function keepOwner(
  file: FileHandle,
  path: string,
  mode: number,
  former: FormerFile | undefined,
): Promise<void> {
  const fresh: Stats = await file.stat();
  if (former === undefined || (former.uid === fresh.uid && former.gid === fresh.gid)) {
    return;
  }
  if (await changed(file, former.uid, former.gid)) {
    return;
  }
  const isGroupKept = former.gid === fresh.gid || (await changed(file, fresh.uid, former.gid));
  const othersMayRead = (mode & 0o004) !== 0;
  const groupMayRead = (mode & 0o040) !== 0;
  if (!isGroupKept && groupMayRead && !othersMayRead) {
    throw OUTPUT_ERRORS.owner_not_kept({ path, group: former.gid });
  }
}

async function changed(file: FileHandle, uid: number, gid: number): Promise<boolean> {
  try {
    await file.chown(uid, gid);
    return true;
  } catch {
    return false;
  }
}
