import { constants, type Stats } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, rmdir } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';
import { temporaryName } from '../files/leftovers.ts';
import { descriptorPath } from './descriptor-path.ts';
import { FOREIGN_FILE_ERRORS } from './errors.ts';

/**
 * Linux: holds on to a directory without opening it for reading, which neither needs the right to read it nor waits for
 * anything. Node has no constant for it.
 */
const O_PATH = 0o10000000;
const HOLD = O_PATH | constants.O_DIRECTORY;

/** What stands in the place of a directory and is none. */
const NOT_A_DIRECTORY = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);

/** A directory held by a descriptor. */
export interface HeldDirectory {
  /** Leads to the directory itself, whatever has become of its name. */
  readonly path: string;
  readonly fd: number;
  stat(): Promise<Stats>;
  /** Changes the permissions of this very directory. */
  chmod(mode: number): Promise<void>;
  /**
   * Runs work with `path`. Until it has settled the descriptor stays open, even if `close` was called: the path of a
   * closed descriptor may lead to any other directory.
   */
  use<T>(work: () => Promise<T>): Promise<T>;
  /** No further use; returns at once when work still hangs. */
  close(): Promise<void>;
}

/** Holds the directory at a path that is trusted, following a link at its end. */
export async function holdTrusted(path: string): Promise<HeldDirectory> {
  return hold(await open(path, HOLD), path);
}

/** Holds a directory without following a link at the end of its path; undefined when there is none, or something else. */
export async function holdIfDirectory(path: string | Buffer): Promise<HeldDirectory | undefined> {
  try {
    return hold(await open(path, HOLD | constants.O_NOFOLLOW), path.toString());
  } catch (error) {
    if (NOT_A_DIRECTORY.has(systemErrorCode(error) ?? '')) {
      return undefined;
    }
    throw error;
  }
}

/** Makes a directory unless something is there already, and holds it; undefined when that is no directory. */
export async function makeAndHold(path: string, mode: number): Promise<HeldDirectory | undefined> {
  const found = await holdIfDirectory(path);
  if (found !== undefined) {
    return found;
  }
  if ((await lstat(path).catch(() => undefined)) !== undefined) {
    return undefined;
  }
  await mkdir(path, { mode }).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'EEXIST') {
      throw error;
    }
  });
  return holdIfDirectory(path);
}

/** A directory that no other user can enter yet. */
export interface PrivateHeld {
  readonly held: HeldDirectory;
  /** Gives it the permissions that directories here have. */
  unlock(): Promise<void>;
}

/**
 * Makes a directory that no other user can enter, and holds it.
 * @throws when something is there already, or took its place at once
 */
export async function makePrivateAndHold(path: string): Promise<PrivateHeld> {
  await mkdir(path, { mode: 0o700 });
  return keepPrivate(await holdIfDirectory(path), path);
}

/**
 * Keeps all other users out of a directory that is there, until it is unlocked: those who are in it already stay there.
 * @throws when there is none, or it is not this user's
 */
export async function lockAndHold(path: string): Promise<PrivateHeld> {
  const held = await holdIfDirectory(path);
  try {
    await held?.chmod(((await held.stat()).mode & 0o7000) | 0o700);
  } catch (error) {
    await held?.close();
    throw error;
  }
  return keepPrivate(held, path);
}

async function keepPrivate(held: HeldDirectory | undefined, path: string): Promise<PrivateHeld> {
  try {
    const ordinary = held && (await makeAndRemove(`${held.path}/${temporaryName('probe')}`));
    const status = await held?.stat();
    // Some file systems make all files one user's, whoever this process is.
    if (held === undefined || ordinary?.uid !== status?.uid) {
      throw FOREIGN_FILE_ERRORS.not_our_directory({ path });
    }
    const mode = (ordinary?.mode ?? 0o755) & 0o7777;
    // Where permissions are those of the mount, there is nothing to change.
    const isLocked = ((status?.mode ?? 0) & 0o777) === 0o700;
    return { held, unlock: async () => (isLocked ? held.chmod(mode) : undefined) };
  } catch (error) {
    await held?.close();
    throw error;
  }
}

/** What a directory is like that this process makes here: its owner, group and permissions. */
async function makeAndRemove(path: string): Promise<Stats> {
  await mkdir(path);
  const status = await lstat(path);
  await rmdir(path);
  return status;
}

function hold(handle: FileHandle, name: string): HeldDirectory {
  const path = descriptorPath(handle.fd, name);
  let uses = 0;
  let isClosed = false;
  return {
    path,
    fd: handle.fd,
    stat: () => handle.stat(),
    chmod: (mode) => chmod(path, mode),
    async use(work) {
      if (isClosed) {
        throw FOREIGN_FILE_ERRORS.directory_closed({ path: name });
      }
      uses += 1;
      try {
        return await work();
      } finally {
        uses -= 1;
        if (isClosed && uses === 0) {
          await handle.close();
        }
      }
    },
    async close() {
      if (!isClosed) {
        isClosed = true;
        if (uses === 0) {
          await handle.close();
        }
      }
    },
  };
}
