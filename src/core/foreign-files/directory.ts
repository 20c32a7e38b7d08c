import { constants, type Dirent, type Stats } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  lstat,
  open,
  opendir,
  readlink,
  rename,
  rmdir,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import { type AtomicWriteOptions, writeFileAtomic } from '../files/atomic-write.ts';
import { fileError } from '../files/file-error.ts';
import { temporaryName } from '../files/leftovers.ts';
import { switchSymlink } from '../files/symlink.ts';
import { descriptorPath, descriptorPathForChildren } from './descriptor-path.ts';
import { FOREIGN_FILE_ERRORS } from './errors.ts';
import { makeAndOpen, openIfDirectory } from './open-directory.ts';
import { type ForeignContent, readForeignFile } from './read-file.ts';

const DEFAULT_MAX_BYTES = 1024 * 1024;
const DEFAULT_MAX_ENTRIES = 100_000;

export interface ReadLimits {
  /** Default 1 MiB. */
  readonly maxBytes?: number;
}

/**
 * A directory that others can write to, held open: a neighbour who moves it away or puts a link in its place changes
 * nothing here. Names are single parts of a path, and none is followed when it is a link. Nothing waits for a FIFO.
 * Whoever opens one closes it.
 */
export interface ForeignDirectory {
  /** For messages. */
  readonly shownPath: string;
  /** Leads to this very directory, for calls of this process that take a path. */
  readonly path: string;
  /** The same for a child process: working directory, environment. */
  readonly pathForChildren: string;
  /** Undefined when there is no such directory: nothing, a link, a file. */
  open(name: string): Promise<ForeignDirectory | undefined>;
  /** The same; anything else in its place is an error. */
  openOrThrow(name: string): Promise<ForeignDirectory>;
  /** Makes it when there is nothing; undefined when something else is in its place. */
  make(name: string, mode?: number): Promise<ForeignDirectory | undefined>;
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
  switchSymlink(name: string, target: string): Promise<void>;
  /** Moves an entry within or into another open directory. */
  rename(name: string, to: ForeignDirectory, newName: string): Promise<void>;
  /** Removes anything that is no directory, or an empty one. Nothing there is no error. */
  remove(name: string): Promise<void>;
  /** Device and inode: the same directory under another name is the same. */
  identity(): Promise<string>;
  close(): Promise<void>;
}

/** A name with a slash would lead through entries that nobody has looked at. */
function single(name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw FOREIGN_FILE_ERRORS.bad_entry_name({ name });
  }
  return name;
}

const ROOT_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;

/**
 * Opens the top of what others can write to: a root, a volume. The path itself is trusted, and a link at its end is
 * followed; from here on nothing is.
 * @throws PillionError `read_failed`
 */
export async function openForeignRoot(path: string): Promise<ForeignDirectory> {
  try {
    const handle = await open(path, ROOT_FLAGS);
    return createForeignDirectory(handle, path);
  } catch (error) {
    throw fileError('read', path, error);
  }
}

/** Opens it for the time of `use`. */
export async function withForeignRoot<T>(
  path: string,
  use: (directory: ForeignDirectory) => Promise<T>,
): Promise<T> {
  const directory = await openForeignRoot(path);
  try {
    return await use(directory);
  } finally {
    await directory.close();
  }
}

function createForeignDirectory(handle: FileHandle, shownPath: string): ForeignDirectory {
  const path = descriptorPath(handle.fd, shownPath);
  const at = (name: string) => `${path}/${single(name)}`;
  const shown = (name: string) => join(shownPath, name);
  const wrap = (child: FileHandle | undefined, name: string) =>
    child && createForeignDirectory(child, shown(name));

  async function guarded<T>(
    action: 'read' | 'write' | 'remove' | 'switch',
    name: string,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw fileError(action, shown(name), error);
    }
  }

  const directory: ForeignDirectory = {
    shownPath,
    path,
    pathForChildren: descriptorPathForChildren(handle.fd, shownPath),
    open: (name) => guarded('read', name, async () => wrap(await openIfDirectory(at(name)), name)),
    async openOrThrow(name) {
      const opened = await directory.open(name);
      if (opened === undefined) {
        throw FOREIGN_FILE_ERRORS.not_a_directory({ path: shown(name) });
      }
      return opened;
    },
    make: (name, mode = 0o777) =>
      guarded('write', name, async () => wrap(await makeAndOpen(at(name), mode), name)),
    read: (name, { maxBytes = DEFAULT_MAX_BYTES } = {}) =>
      guarded('read', name, () => readForeignFile(at(name), maxBytes)),
    async readText(name, limits) {
      const content = await directory.read(name, limits);
      return content.kind === 'file' ? content.bytes.toString('utf8') : undefined;
    },
    write: (name, data, options) => guarded('write', name, () => writeFileAtomic(at(name), data, options)),
    async copyIn(source, name) {
      const temporary = temporaryName(single(name));
      try {
        await copyFile(source, at(temporary), constants.COPYFILE_EXCL);
        await rename(at(temporary), at(name));
      } catch (error) {
        await unlink(at(temporary)).catch(() => undefined);
        throw fileError('write', shown(name), error);
      }
    },
    list: (limit = DEFAULT_MAX_ENTRIES) =>
      guarded('read', '', async () => {
        const entries: Dirent[] = [];
        for await (const entry of await opendir(path)) {
          if (entries.length >= limit) {
            break;
          }
          entries.push(entry);
        }
        return entries;
      }),
    stat: (name) => guarded('read', name, () => lstat(at(name)).catch(ignoring('ENOENT'))),
    readlink: (name) => guarded('read', name, () => readlink(at(name)).catch(ignoring('ENOENT', 'EINVAL'))),
    switchSymlink: (name, target) => guarded('switch', name, () => switchSymlink(at(name), target)),
    rename: (name, to, newName) =>
      guarded('write', name, () => rename(at(name), `${to.path}/${single(newName)}`)),
    remove: (name) =>
      guarded('remove', name, async () => {
        await unlink(at(name)).catch(async (error: unknown) => {
          const code = systemErrorCode(error);
          if (code === 'EISDIR' || code === 'EPERM') {
            await rmdir(at(name)).catch(ignoring('ENOENT'));
          } else if (code !== 'ENOENT') {
            throw error;
          }
        });
      }),
    identity: () =>
      guarded('read', '', async () => {
        const { dev, ino } = await handle.stat();
        return `${dev}:${ino}`;
      }),
    close: () => handle.close(),
  };
  return directory;
}

function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(systemErrorCode(error) ?? '')) {
      throw error;
    }
    return undefined;
  };
}
