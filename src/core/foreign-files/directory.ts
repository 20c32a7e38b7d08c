import { constants, type Dirent, type Stats } from 'node:fs';
import {
  copyFile,
  lstat,
  lutimes,
  open,
  opendir,
  readlink,
  rename,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import { type AtomicWriteOptions, writeFileAtomic } from '../files/atomic-write.ts';
import { FILE_ERRORS, type FileFailure, fileError } from '../files/file-error.ts';
import { removeTemporaryFiles, temporaryName } from '../files/leftovers.ts';
import { untilAborted } from '../until-aborted.ts';
import { changeModeOf, changeModesOf } from './change-mode.ts';
import { descriptorPathForChildren } from './descriptor-path.ts';
import { single } from './entry-name.ts';
import { FOREIGN_FILE_ERRORS } from './errors.ts';
import {
  type HeldDirectory,
  holdIfDirectory,
  holdTrusted,
  lockAndHold,
  makeAndHold,
  makePrivateAndHold,
  type PrivateHeld,
} from './held-directory.ts';
import { type ForeignContent, readForeignFile } from './read-file.ts';
import { type Removal, removeTreeIn } from './remove-tree.ts';

const DEFAULT_MAX_BYTES = 1024 * 1024;
const DEFAULT_MAX_ENTRIES = 100_000;

export interface ReadLimits {
  /** Default 1 MiB. */
  readonly maxBytes?: number;
}

/**
 * A directory that others can write to, held open: a neighbour who moves it away or puts a link in its place changes
 * nothing here. Names are single parts of a path, and none is followed when it is a link. Nothing waits for a FIFO.
 * What fails is a PillionError (`read_failed`, `write_failed`, ...). Whoever opens one closes it.
 */
export interface ForeignDirectory {
  /** For messages. */
  readonly shownPath: string;
  /** Leads to this very directory, for calls of this process that take a path, as long as it is open. */
  readonly path: string;
  /** The same for a child process: working directory, environment. */
  readonly pathForChildren: string;
  /**
   * The same directory, whose operations reject with the signal's reason as soon as it is aborted, also when the file
   * system hangs: the operation itself goes on then, and closes what it opens. Closing one of the two closes both.
   */
  guardedBy(signal: AbortSignal): ForeignDirectory;
  /** Undefined when there is no such directory: nothing, a link, a file. */
  open(name: string): Promise<ForeignDirectory | undefined>;
  /** The same; anything else in its place is an error. */
  openOrThrow(name: string): Promise<ForeignDirectory>;
  /** Makes it when there is nothing; undefined when something else is in its place. */
  make(name: string, mode?: number): Promise<ForeignDirectory | undefined>;
  /**
   * Makes a directory that no other user can enter yet.
   * @throws PillionError `write_failed` when something is there already, `not_our_directory` when it took its place
   */
  makePrivate(name: string): Promise<PrivateDirectory>;
  /**
   * Keeps all other users out of a directory from now on; who is in it already stays there.
   * @throws PillionError `write_failed`, or `not_our_directory` when there is none of this user's
   */
  lock(name: string): Promise<PrivateDirectory>;
  /** The kinds of content that are not a file's are no error: the caller decides. */
  read(name: string, limits?: ReadLimits): Promise<ForeignContent>;
  /** The text of a file; undefined for anything that is not one, or is too large. */
  readText(name: string, limits?: ReadLimits): Promise<string | undefined>;
  /** Replaces a file as a whole. A link in its place is itself replaced, a directory is an error. */
  write(name: string, data: string | Uint8Array, options?: AtomicWriteOptions): Promise<void>;
  /** Makes a private file's content appear here as a whole. */
  copyIn(source: string, name: string): Promise<void>;
  /** Entries in no order; at most `limit` (default 100,000) are read. A link's kind is a link. */
  list(limit?: number): Promise<Dirent[]>;
  /** Of the entry itself, not of what it leads to; undefined when there is nothing. */
  stat(name: string): Promise<Stats | undefined>;
  /** Undefined when it is no link. */
  readlink(name: string): Promise<string | undefined>;
  /** Makes a link where there is nothing; false when something is in its place. */
  makeSymlink(name: string, target: string): Promise<boolean>;
  /** Does to an entry what only few need (`switchSymlinkIn`): `path` leads to it until the work has settled. */
  act<T>(
    failed: FileFailure,
    name: string,
    work: (path: string, shownPath: string) => Promise<T>,
  ): Promise<T>;
  /** Moves an entry within or into another open directory. */
  rename(name: string, to: ForeignDirectory, newName: string): Promise<void>;
  /** Removes anything that is no directory, or an empty one. Nothing there is no error. */
  remove(name: string): Promise<void>;
  /** Removes a directory that is empty; everything else stays, and is no error. */
  removeIfEmpty(name: string): Promise<void>;
  /** Removes anything with all below it; what cannot be removed is in the result, and no error. */
  removeTree(name: string): Promise<Removal>;
  /** Removes what a crash left in the middle of `write` or `switchSymlinkIn`; only for the one owner of `name`. */
  removeHalfWritten(name: string): Promise<void>;
  /** Permissions of a file or directory; false when there is none, or a link. */
  chmod(name: string, mode: number): Promise<boolean>;
  /** The same for all that is below as well (`chmod -R`). */
  chmodTree(name: string, mode: number): Promise<boolean>;
  /** Sets both times of the entry itself; false when there is nothing. */
  utimes(name: string, time: Date): Promise<boolean>;
  /** Makes an empty file, or sets the times of what is there to now. */
  touch(name: string, mode?: number): Promise<void>;
  /** Of this very directory. */
  statOfItself(): Promise<Stats>;
  /** Device and inode: the same directory under another name is the same. */
  identity(): Promise<string>;
  close(): Promise<void>;
}

/** A directory that no other user can enter yet. Whoever gets one closes it. */
export interface PrivateDirectory {
  readonly directory: ForeignDirectory;
  /** From now on it has the permissions of any other directory that is made here. */
  unlock(): Promise<void>;
}

/**
 * Opens the top of what others can write to: a root, a volume. The path itself is trusted, and a link at its end is
 * followed; from here on nothing is.
 * @throws PillionError `read_failed`, or the signal's reason
 */
export async function openForeignRoot(path: string, signal?: AbortSignal): Promise<ForeignDirectory> {
  const opening = holdTrusted(path).catch((error: unknown) => {
    throw fileError(FILE_ERRORS.read_failed, path, error);
  });
  const held = signal === undefined ? await opening : await untilAborted(opening, signal, discard);
  return createForeignDirectory(held, path, signal);
}

/** Opens it for the time of `use`. */
export async function withForeignRoot<T>(
  path: string,
  use: (directory: ForeignDirectory) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const directory = await openForeignRoot(path, signal);
  try {
    return await use(directory);
  } finally {
    await directory.close();
  }
}

function discard(held: HeldDirectory | undefined): void {
  held?.close().catch(() => {});
}

function createForeignDirectory(
  held: HeldDirectory,
  shownPath: string,
  signal: AbortSignal | undefined,
): ForeignDirectory {
  const at = (name: string) => `${held.path}/${single(name)}`;
  const shown = (name: string) => join(shownPath, name);

  function attempt<T>(
    failed: FileFailure,
    name: string,
    work: () => Promise<T>,
    late?: (result: T) => void,
  ): Promise<T> {
    const attempted = held.use(work).catch((error: unknown) => {
      throw fileError(failed, shown(name), error);
    });
    return signal === undefined ? attempted : untilAborted(attempted, signal, late);
  }

  async function attemptOpen(
    failed: FileFailure,
    name: string,
    work: () => Promise<HeldDirectory | undefined>,
  ): Promise<ForeignDirectory | undefined> {
    const child = await attempt(failed, name, work, discard);
    return child && createForeignDirectory(child, shown(name), signal);
  }

  async function attemptPrivate(name: string, work: () => Promise<PrivateHeld>): Promise<PrivateDirectory> {
    const made = await attempt(FILE_ERRORS.write_failed, name, work, ({ held: late }) => discard(late));
    const child = createForeignDirectory(made.held, shown(name), signal);
    return { directory: child, unlock: () => attempt(FILE_ERRORS.write_failed, name, made.unlock) };
  }

  const directory: ForeignDirectory = {
    shownPath,
    path: held.path,
    pathForChildren: descriptorPathForChildren(held.fd, shownPath),
    guardedBy: (guard) => createForeignDirectory(held, shownPath, guard),
    open: (name) => attemptOpen(FILE_ERRORS.read_failed, name, () => holdIfDirectory(at(name))),
    async openOrThrow(name) {
      const opened = await directory.open(name);
      if (opened === undefined) {
        throw FOREIGN_FILE_ERRORS.not_a_directory({ path: shown(name) });
      }
      return opened;
    },
    make: (name, mode = 0o777) =>
      attemptOpen(FILE_ERRORS.write_failed, name, () => makeAndHold(at(name), mode)),
    makePrivate: (name) => attemptPrivate(name, () => makePrivateAndHold(at(name))),
    lock: (name) => attemptPrivate(name, () => lockAndHold(at(name))),
    read: (name, { maxBytes = DEFAULT_MAX_BYTES } = {}) =>
      attempt(FILE_ERRORS.read_failed, name, () => readForeignFile(at(name), maxBytes)),
    async readText(name, limits) {
      const content = await directory.read(name, limits);
      return content.kind === 'file' ? content.bytes.toString('utf8') : undefined;
    },
    write: (name, data, options) =>
      attempt(FILE_ERRORS.write_failed, name, () => writeFileAtomic(at(name), data, options, shown(name))),
    copyIn: (source, name) =>
      attempt(FILE_ERRORS.write_failed, name, () => copyIn(source, held.path, single(name))),
    list: (limit = DEFAULT_MAX_ENTRIES) => attempt(FILE_ERRORS.read_failed, '', () => list(held.path, limit)),
    stat: (name) => attempt(FILE_ERRORS.read_failed, name, () => lstat(at(name)).catch(ignoring('ENOENT'))),
    readlink: (name) =>
      attempt(FILE_ERRORS.read_failed, name, () => readlink(at(name)).catch(ignoring('ENOENT', 'EINVAL'))),
    makeSymlink: (name, target) =>
      attempt(FILE_ERRORS.write_failed, name, () =>
        symlink(target, at(name))
          .then(() => true, ignoring('EEXIST'))
          .then(Boolean),
      ),
    act: (failed, name, work) => attempt(failed, name, () => work(at(name), shown(name))),
    rename: (name, to, newName) =>
      attempt(FILE_ERRORS.write_failed, name, () => rename(at(name), `${to.path}/${single(newName)}`)),
    remove: (name) => attempt(FILE_ERRORS.remove_failed, name, () => removeEntry(at(name))),
    removeIfEmpty: (name) =>
      attempt(FILE_ERRORS.remove_failed, name, () =>
        rmdir(at(name)).catch(ignoring('ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY')),
      ),
    removeTree: (name) =>
      attempt(FILE_ERRORS.remove_failed, name, () =>
        removeTreeIn(held, toBytes(single(name)), shown(name), signal),
      ),
    removeHalfWritten: (name) =>
      attempt(FILE_ERRORS.remove_failed, name, async () => {
        await removeTemporaryFiles(held.path, single(name));
      }),
    chmod: (name, mode) => attempt(FILE_ERRORS.write_failed, name, () => changeModeOf(at(name), mode)),
    chmodTree: (name, mode) =>
      attempt(FILE_ERRORS.write_failed, name, () =>
        changeModesOf(held.path, toBytes(single(name)), mode, signal),
      ),
    utimes: (name, time) =>
      attempt(FILE_ERRORS.write_failed, name, () =>
        lutimes(at(name), time, time)
          .then(() => true, ignoring('ENOENT'))
          .then(Boolean),
      ),
    touch: (name, mode = 0o644) => attempt(FILE_ERRORS.write_failed, name, () => touch(at(name), mode)),
    statOfItself: () => attempt(FILE_ERRORS.read_failed, '', () => held.stat()),
    async identity() {
      const { dev, ino } = await directory.statOfItself();
      return `${dev}:${ino}`;
    },
    close: () => held.close(),
  };
  return directory;
}

const toBytes = (name: string) => Buffer.from(name).toString('latin1');

async function copyIn(source: string, directory: string, name: string): Promise<void> {
  const temporary = `${directory}/${temporaryName(name)}`;
  try {
    await copyFile(source, temporary, constants.COPYFILE_EXCL);
    await rename(temporary, `${directory}/${name}`);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function list(path: string, limit: number): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(path)) {
    if (entries.length >= limit) {
      break;
    }
    entries.push(entry);
  }
  return entries;
}

async function removeEntry(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EISDIR' || code === 'EPERM') {
      await rmdir(path).catch(ignoring('ENOENT'));
    } else if (code !== 'ENOENT') {
      throw error;
    }
  }
}

/** The times of the entry itself: a link in its place leads to what is not ours. */
async function touch(path: string, mode: number): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const made = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode).catch(ignoring('EEXIST'));
  await made?.close();
  const now = new Date();
  await lutimes(path, now, now).catch(ignoring('ENOENT')); // who waited for it may have taken it away
}

function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(systemErrorCode(error) ?? '')) {
      throw error;
    }
    return undefined;
  };
}
