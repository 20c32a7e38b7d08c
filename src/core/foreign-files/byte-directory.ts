/**
 * The same as `ForeignDirectory` for whole trees of 100,000s of entries: calls that return at once, and names as bytes.
 * A synchronous call costs an eighth of one that goes through the thread pool; whoever makes many lets others work in
 * between (`breather`), and opens the top with a deadline first (`openForeignRoot`), as nothing ends a call that hangs.
 */
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { systemErrorCode } from '../errors.ts';
import { FILE_ERRORS, type FileFailure, fileError } from '../files/file-error.ts';
import { descriptorPath } from './descriptor-path.ts';
import { type ByteName, entryPath, ownPath, shownName, single } from './entry-name.ts';
import { enterDirectory, leaveDirectory } from './within-directory.ts';

const O_PATH = 0o10000000;
const HOLD = O_PATH | constants.O_DIRECTORY;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Reading is no use of a file that anybody is to see, and a time for each of 100,000 files is much to write. */
const WITHOUT_TRACE = constants.O_NOATIME ?? 0;
const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** What stands in the place of a directory or file and is none. */
const SOMETHING_ELSE = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'] as const;
const EXACT = { bigint: true, throwIfNoEntry: false } as const;
/** File systems that cannot do it. */
const CANNOT_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'] as const;

/**
 * A directory held by a descriptor; names are single parts of a path, and none is followed when it is a link. What fails
 * is a PillionError (`read_failed`, `write_failed`) with the path. Whoever opens one closes it.
 */
export interface ByteDirectory {
  /** For messages. */
  readonly shownPath: string;
  /** Leads to this very directory as long as it is open. */
  readonly path: string;
  status(): BigIntStats;
  /** Calls synchronous work, in which the functions of this very directory take half the time. */
  within<T>(work: () => T): T;
  /** Sorted by bytes. */
  names(): ByteName[];
  /** Of the entry itself; undefined when there is nothing. */
  stat(name: ByteName): BigIntStats | undefined;
  readlink(name: ByteName): ByteName;
  /** Undefined when there is no directory of this name: nothing, a link, a file. */
  open(name: ByteName): ByteDirectory | undefined;
  /** A descriptor for reading that never waited for a FIFO; undefined when it is gone or a link. It may be no file. */
  openFile(name: ByteName): number | undefined;
  /** Makes a directory where nothing is, and opens it. */
  make(name: ByteName, mode: number): ByteDirectory;
  /** A descriptor of a new file; by default nobody else may open it yet. */
  createFile(name: ByteName, mode?: number): number;
  symlink(name: ByteName, target: ByteName): void;
  /** Gives a file a second name in this or another directory. */
  link(name: ByteName, to: ByteDirectory, newName: ByteName): void;
  /** Moves an entry; replaces nothing but a file or an empty directory. */
  rename(name: ByteName, to: ByteDirectory, newName: ByteName): void;
  unlink(name: ByteName): void;
  removeEmpty(name: ByteName): void;
  /** Owner of the entry itself. */
  chown(name: ByteName, uid: number, gid: number): void;
  /** Both times of the entry itself, in ns since 1970, to some 250 ns: Node takes seconds as a double. */
  utimes(name: ByteName, timeNs: bigint): void;
  /** Permissions of this very directory. */
  chmod(mode: number): void;
  chownSelf(uid: number, gid: number): void;
  utimesSelf(timeNs: bigint): void;
  /** Makes changes in this directory survive a power loss, where the file system can do that. */
  sync(): void;
  close(): void;
}

/**
 * Opens the top of a tree; the path is trusted, and a link at its end is followed.
 * @param shownPath for messages, where the path is one that only this process understands
 */
export function openByteRoot(path: string, shownPath: string = path): ByteDirectory {
  try {
    return hold(openSync(path, HOLD), shownPath);
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, shownPath, error);
  }
}

/**
 * A time in ns since 1970 as Node sets it. As text: Node takes a negative number, a time before 1970, for now.
 */
export const fileTime = (timeNs: bigint): string =>
  String(Number(timeNs / 1_000_000_000n) + Number(timeNs % 1_000_000_000n) / 1e9);

function hold(fd: number, shownPath: string): ByteDirectory {
  const path = descriptorPath(fd, shownPath);
  let isOpen = true;
  let mayEnter = false;
  let isWithin: boolean | undefined;
  let trace = WITHOUT_TRACE;

  /** Only the owner of a file and root may leave no trace; what one of a directory refuses is not tried for the others. */
  function openToRead(file: string | Buffer): number | undefined {
    try {
      return openUnless(file, READ | trace);
    } catch (error) {
      if (trace === 0 || systemErrorCode(error) !== 'EPERM') {
        throw error;
      }
      trace = 0;
      return openUnless(file, READ);
    }
  }

  function attempt<T>(failed: FileFailure, name: ByteName | undefined, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const shown = name === undefined ? shownPath : `${shownPath}/${shownName(name)}`;
      throw fileError(failed, shown, error);
    }
  }
  const read = <T>(name: ByteName | undefined, work: () => T): T =>
    attempt(FILE_ERRORS.read_failed, name, work);
  const write = <T>(name: ByteName | undefined, work: () => T): T =>
    attempt(FILE_ERRORS.write_failed, name, work);

  /** Only when there is something to do in it. */
  function at(name: ByteName): string | Buffer {
    if (!mayEnter) {
      return entryPath(path, single(name));
    }
    isWithin ??= enterDirectory(path);
    return isWithin ? ownPath(single(name)) : entryPath(path, single(name));
  }

  function leave(): void {
    if (isWithin === true) {
      leaveDirectory();
    }
    isWithin = undefined;
  }

  const directory: ByteDirectory = {
    shownPath,
    path,
    status: () => read(undefined, () => fstatSync(fd, { bigint: true })),
    within(work) {
      if (mayEnter) {
        return work();
      }
      mayEnter = true;
      try {
        return work();
      } finally {
        mayEnter = false;
        leave();
      }
    },
    names: () => read(undefined, () => readdirSync(path, { encoding: 'latin1' }).sort()),
    stat(name) {
      // By far the most frequent call, so without the two functions that `read` would take.
      try {
        return lstatSync(at(name), EXACT);
      } catch (error) {
        throw fileError(FILE_ERRORS.read_failed, `${shownPath}/${shownName(name)}`, error);
      }
    },
    readlink: (name) => read(name, () => readlinkSync(at(name), { encoding: 'latin1' })),
    open: (name) =>
      read(name, () => {
        const child = openUnless(at(name), HOLD | constants.O_NOFOLLOW);
        return child === undefined ? undefined : hold(child, `${shownPath}/${shownName(name)}`);
      }),
    openFile: (name) => read(name, () => openToRead(at(name))),
    make: (name, mode) =>
      write(name, () => {
        mkdirSync(at(name), { mode });
        const child = openSync(at(name), HOLD | constants.O_NOFOLLOW);
        return hold(child, `${shownPath}/${shownName(name)}`);
      }),
    createFile: (name, mode = 0o600) => write(name, () => openSync(at(name), CREATE, mode)),
    symlink: (name, target) => write(name, () => symlinkSync(Buffer.from(target, 'latin1'), at(name))),
    link: (name, to, newName) =>
      write(newName, () => linkSync(at(name), entryPath(to.path, single(newName)))),
    rename: (name, to, newName) =>
      write(name, () => renameSync(at(name), entryPath(to.path, single(newName)))),
    unlink: (name) => write(name, () => unlinkSync(at(name))),
    removeEmpty: (name) => write(name, () => rmdirSync(at(name))),
    chown: (name, uid, gid) => write(name, () => lchownSync(at(name), uid, gid)),
    utimes: (name, timeNs) => write(name, () => lutimesSync(at(name), fileTime(timeNs), fileTime(timeNs))),
    chmod: (mode) => write(undefined, () => chmodSync(path, mode)),
    chownSelf: (uid, gid) => write(undefined, () => lchownSync(`${path}/.`, uid, gid)),
    utimesSelf: (timeNs) =>
      write(undefined, () => lutimesSync(`${path}/.`, fileTime(timeNs), fileTime(timeNs))),
    sync: () => write(undefined, () => syncDirectory(path)),
    close() {
      if (isOpen) {
        isOpen = false;
        closeSync(fd);
      }
    },
  };
  return directory;
}

function openUnless(path: string | Buffer, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (SOMETHING_ELSE.some((code) => code === systemErrorCode(error))) {
      return undefined;
    }
    throw error;
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(`${path}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!CANNOT_SYNC.some((code) => code === systemErrorCode(error))) {
      throw error;
    }
  } finally {
    closeSync(fd);
  }
}

/** Sets the permissions of an open file, whatever the umask; only when they differ, as some file systems refuse every chmod. */
export function setModeOf(fd: number, mode: number): void {
  if ((fstatSync(fd).mode & 0o7777) !== mode) {
    fchmodSync(fd, mode);
  }
}
