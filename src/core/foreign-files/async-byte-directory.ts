/**
 * `ByteDirectory` for a process that must go on when the file system hangs: each call goes through the thread pool, so a
 * deadline, a signal or a probe is heard meanwhile. Names are bytes, since they need not be UTF-8.
 */
import { type BigIntStats, constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';
import { FILE_ERRORS, type FileFailure, fileError } from '../files/file-error.ts';
import { type ByteName, entryPath, shownName, single } from './entry-name.ts';
import { type HeldDirectory, holdIfDirectory, holdTrusted } from './held-directory.ts';

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Reading is no use of a file that anybody is to see, and a time for each of many is much to write. */
const WITHOUT_TRACE = constants.O_NOATIME ?? 0;
/** What stands in the place of a file and is none. */
const SOMETHING_ELSE = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'];

export type EntryKind = 'file' | 'directory' | 'link' | 'other';

export interface ByteEntry {
  readonly name: ByteName;
  readonly kind: EntryKind;
}

/**
 * A directory held by a descriptor; names are single parts of a path, and none is followed when it is a link. What fails
 * is a PillionError (`read_failed`, `write_failed`) with the path. Whoever opens one closes it.
 */
export interface AsyncByteDirectory {
  /** For messages. */
  readonly shownPath: string;
  /** Leads to this very directory as long as it is open. */
  readonly path: string;
  status(): Promise<BigIntStats>;
  /** Sorted by bytes. */
  entries(): Promise<ByteEntry[]>;
  /** Of the entry itself; undefined when there is nothing. */
  stat(name: ByteName): Promise<BigIntStats | undefined>;
  readlink(name: ByteName): Promise<ByteName>;
  /** Undefined when there is no directory of this name: nothing, a link, a file. */
  open(name: ByteName): Promise<AsyncByteDirectory | undefined>;
  /** For reading, without waiting for a FIFO; undefined when it is gone or a link. It may be no file. */
  openFile(name: ByteName): Promise<FileHandle | undefined>;
  /** Makes a directory where nothing is, and opens it. */
  make(name: ByteName, mode: number): Promise<AsyncByteDirectory>;
  symlink(name: ByteName, target: ByteName): Promise<void>;
  /** Moves an entry; replaces nothing but a file or an empty directory. */
  rename(name: ByteName, to: AsyncByteDirectory, newName: ByteName): Promise<void>;
  unlink(name: ByteName): Promise<void>;
  removeEmpty(name: ByteName): Promise<void>;
  /** Permissions of this very directory. */
  chmod(mode: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the top of a tree; the path is trusted, and a link at its end is followed.
 * @param shownPath for messages, where the path is one that only this process understands
 */
export async function openAsyncByteRoot(path: string, shownPath: string = path): Promise<AsyncByteDirectory> {
  try {
    return over(await holdTrusted(path), shownPath);
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, shownPath, error);
  }
}

function over(held: HeldDirectory, shownPath: string): AsyncByteDirectory {
  let trace = WITHOUT_TRACE;
  const at = (name: ByteName) => entryPath(held.path, single(name));
  const shown = (name: ByteName) => `${shownPath}/${shownName(name)}`;

  async function attempt<T>(
    failed: FileFailure,
    name: ByteName | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await held.use(work);
    } catch (error) {
      throw fileError(failed, name === undefined ? shownPath : shown(name), error);
    }
  }
  const read = <T>(name: ByteName | undefined, work: () => Promise<T>): Promise<T> =>
    attempt(FILE_ERRORS.read_failed, name, work);
  const write = <T>(name: ByteName | undefined, work: () => Promise<T>): Promise<T> =>
    attempt(FILE_ERRORS.write_failed, name, work);

  /** Only the owner of a file and root may leave no trace; what one of a directory refuses is not tried for the others. */
  async function openToRead(path: string | Buffer): Promise<FileHandle | undefined> {
    try {
      return await open(path, READ | trace);
    } catch (error) {
      const code = systemErrorCode(error) ?? '';
      if (code === 'EPERM' && trace !== 0) {
        trace = 0;
        return openToRead(path);
      }
      return unlessCode(error, SOMETHING_ELSE);
    }
  }

  return {
    shownPath,
    path: held.path,
    status: () => read(undefined, async () => lstat(`${held.path}/.`, { bigint: true })),
    entries: () =>
      read(undefined, async () => {
        const found = await readdir(held.path, { withFileTypes: true, encoding: 'buffer' });
        const entries = found.map(
          (entry) =>
            ({
              name: entry.name.toString('latin1'),
              kind: entry.isFile()
                ? 'file'
                : entry.isDirectory()
                  ? 'directory'
                  : entry.isSymbolicLink()
                    ? 'link'
                    : 'other',
            }) satisfies ByteEntry,
        );
        return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
      }),
    stat: (name) =>
      read(name, async () =>
        lstat(at(name), { bigint: true }).catch((error) => unlessCode(error, ['ENOENT'])),
      ),
    readlink: (name) =>
      read(name, async () => (await readlink(at(name), { encoding: 'buffer' })).toString('latin1')),
    async open(name) {
      const child = await read(name, async () => holdIfDirectory(at(name)));
      return child && over(child, shown(name));
    },
    openFile: (name) => read(name, async () => openToRead(at(name))),
    async make(name, mode) {
      const child = await write(name, async () => {
        await mkdir(at(name), { mode });
        return holdIfDirectory(at(name));
      });
      if (child === undefined) {
        throw FILE_ERRORS.write_failed({
          path: shown(name),
          why: 'it was replaced at once',
          systemCode: undefined,
        });
      }
      return over(child, shown(name));
    },
    symlink: (name, target) => write(name, async () => symlink(Buffer.from(target, 'latin1'), at(name))),
    rename: (name, to, newName) =>
      write(name, async () => rename(at(name), entryPath(to.path, single(newName)))),
    unlink: (name) => write(name, async () => unlink(at(name))),
    removeEmpty: (name) => write(name, async () => rmdir(at(name))),
    chmod: (mode) => write(undefined, async () => held.chmod(mode)),
    close: () => held.close(),
  };
}

/** @throws the error, unless it has one of these codes */
function unlessCode(error: unknown, codes: readonly string[]): undefined {
  if (!codes.includes(systemErrorCode(error) ?? '')) {
    throw error;
  }
  return undefined;
}
