/**
 * A tree as its manifest describes it, entry by entry in the manifest's order, in a directory that is empty or holds what
 * an interrupted build of the same manifest has left: what is complete there stays.
 */
import { createHash, type Hash, hash as hashOf } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  writeSync,
} from 'node:fs';
import { isPillionError, systemErrorCode } from '../../core/errors.ts';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import { type ByteDirectory, fileTime, setModeOf } from '../../core/foreign-files/byte-directory.ts';
import type { ByteName } from '../../core/foreign-files/entry-name.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import { readStableFile } from './content.ts';
import {
  type BytePath,
  type DirectoryEntry,
  type Entry,
  type FileEntry,
  type LinkEntry,
  nameOf,
  parentOf,
  shownPath,
} from './entry.ts';
import { closeUnless } from './in-directory.ts';

/** Where the content of a file goes, in its order; in the end it is compared with the manifest's. */
export interface FileSink {
  readonly entry: FileEntry;
  write(bytes: Buffer): void;
  /** @throws PillionError `restore_failed` when it was not the content of the manifest */
  finish(): void;
  /** Leaves it incomplete. */
  abandon(): void;
}

export interface TreeBuilder {
  /** Makes an entry. A sink for a file whose content is needed; undefined where there is nothing left to do. */
  add(entry: Entry): Promise<FileSink | undefined>;
  /** Gives the directories their own modes, owners and times: when nothing more is added. */
  finish(): void;
  /** Frees what is held, as far as it has come. */
  close(): void;
}

/** While it is filled nobody else can enter a directory. */
const PRIVATE_MODE = 0o700;

interface Level {
  readonly directory: ByteDirectory;
  readonly entry: DirectoryEntry;
}

/** All functions throw PillionErrors: `write_failed`, `restore_failed`. */
export function createTreeBuilder(root: ByteDirectory): TreeBuilder {
  const levels: Level[] = [];
  const groups = new Map<number, BytePath>();

  function leave(): void {
    const level = levels.pop();
    if (level !== undefined) {
      applyToDirectory(level.directory, level.entry);
      closeUnless(root, level.directory);
    }
  }

  /** The open directory that an entry lies in. */
  function parentFor(entry: Entry): ByteDirectory {
    const parent = parentOf(entry.path);
    while (levels.length > 0 && levels.at(-1)?.entry.path !== parent) {
      leave();
    }
    const level = levels.at(-1);
    if (level === undefined) {
      throw BACKUP_ERRORS.restore_failed({ message: `${shownPath(entry.path)} lies in no directory` });
    }
    return level.directory;
  }

  return {
    async add(entry) {
      if (entry.path === '') {
        levels.push({ directory: root, entry: entry as DirectoryEntry });
        return undefined;
      }
      const parent = parentFor(entry);
      const name = nameOf(entry.path);
      switch (entry.type) {
        case 'directory':
          levels.push({ directory: makeDirectory(parent, name), entry });
          return undefined;
        case 'symlink':
          makeSymlink(parent, name, entry);
          return undefined;
        default:
          return await makeFile(root, parent, name, entry, groups);
      }
    },
    finish() {
      while (levels.length > 0) {
        leave();
      }
    },
    close: () => levels.forEach(({ directory }) => closeUnless(root, directory)),
  };
}

function makeDirectory(parent: ByteDirectory, name: ByteName): ByteDirectory {
  const found = parent.open(name);
  if (found !== undefined) {
    found.chmod(PRIVATE_MODE);
    return found;
  }
  removeOther(parent, name);
  return parent.make(name, PRIVATE_MODE);
}

/** What stands in the place of an entry and is not it. */
function removeOther(parent: ByteDirectory, name: ByteName): void {
  if (parent.stat(name) !== undefined) {
    parent.unlink(name);
  }
}

function makeSymlink(parent: ByteDirectory, name: ByteName, entry: LinkEntry): void {
  const isThere = parent.stat(name)?.isSymbolicLink() === true && parent.readlink(name) === entry.target;
  if (!isThere) {
    removeOther(parent, name);
    parent.symlink(name, entry.target);
  }
  giveTo(() => parent.chown(name, entry.uid, entry.gid));
  parent.utimes(name, entry.mtimeNs);
}

async function makeFile(
  root: ByteDirectory,
  parent: ByteDirectory,
  name: ByteName,
  entry: FileEntry,
  groups: Map<number, BytePath>,
): Promise<FileSink | undefined> {
  const first = entry.links === undefined ? undefined : groups.get(entry.links);
  if (first !== undefined) {
    makeLink(root, first, parent, name);
    return undefined;
  }
  if (entry.links !== undefined) {
    groups.set(entry.links, entry.path);
  }
  const there = parent.stat(name);
  if (there !== undefined && (await isComplete(there, parent, name, entry))) {
    const fd = parent.openFile(name);
    if (fd !== undefined) {
      applyAndClose(fd, entry, parent.shownPath);
      return undefined;
    }
  }
  if (there !== undefined) {
    parent.unlink(name);
  }
  return createSink(parent, name, entry);
}

async function isComplete(
  status: BigIntStats,
  parent: ByteDirectory,
  name: ByteName,
  entry: FileEntry,
): Promise<boolean> {
  if (!status.isFile() || status.size !== BigInt(entry.size) || entry.isChanging) {
    return false;
  }
  return (await readStableFile(parent, name).catch(() => undefined))?.sha256 === entry.sha256;
}

function makeLink(root: ByteDirectory, first: BytePath, to: ByteDirectory, name: ByteName): void {
  const opened: ByteDirectory[] = [];
  try {
    let from = root;
    for (const part of first.split('/').slice(0, -1)) {
      const next = from.open(part);
      if (next === undefined) {
        throw BACKUP_ERRORS.restore_failed({ message: `${shownPath(first)} has gone while it was restored` });
      }
      opened.push(next);
      from = next;
    }
    if (from.stat(nameOf(first))?.ino !== to.stat(name)?.ino) {
      removeOther(to, name);
      from.link(nameOf(first), to, name);
    }
  } finally {
    opened.forEach((directory) => directory.close());
  }
}

const ZEROS = Buffer.alloc(64 * 1024);
const isZeros = (bytes: Buffer): boolean =>
  bytes.length <= ZEROS.length && bytes.equals(ZEROS.subarray(0, bytes.length));

/** The hash of what comes; a content that comes as a whole needs no object of the crypto library. */
function createSum(expectedSize: number) {
  let whole: string | undefined;
  let sum: Hash | undefined;
  return {
    update(bytes: Buffer): void {
      if (sum === undefined && whole === undefined && bytes.length === expectedSize) {
        whole = hashOf('sha256', bytes, 'hex');
        return;
      }
      sum ??= createHash('sha256');
      sum.update(bytes);
    },
    digest: (): string => whole ?? (sum ?? createHash('sha256')).digest('hex'),
  };
}

function createSink(parent: ByteDirectory, name: ByteName, entry: FileEntry): FileSink {
  const shown = `${parent.shownPath}/${shownPath(name)}`;
  const content = createSum(entry.size);
  // Nobody else can enter the directories above yet.
  const fd = parent.createFile(name, entry.mode & 0o777);
  let size = 0;
  let endsInHole = false;

  /** Whole blocks of zeros become holes, as most of them were. */
  function writeBlock(bytes: Buffer): void {
    endsInHole = isZeros(bytes);
    if (!endsInHole) {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(fd, bytes, done, bytes.length - done, size + done);
      }
    }
    size += bytes.length;
  }

  return {
    entry,
    write(bytes) {
      content.update(bytes);
      try {
        for (let start = 0; start < bytes.length; start += ZEROS.length) {
          writeBlock(bytes.subarray(start, start + ZEROS.length));
        }
      } catch (error) {
        throw fileError(FILE_ERRORS.write_failed, shown, error);
      }
    },
    finish() {
      const isRight = entry.isChanging || (size === entry.size && content.digest() === entry.sha256);
      if (!isRight) {
        closeSync(fd);
        throw BACKUP_ERRORS.restore_failed({
          message: `the repository has other content of ${shownPath(entry.path)} than was stored`,
          hint: 'it is damaged: run `pillion backup verify`',
        });
      }
      if (endsInHole) {
        ftruncateSync(fd, size);
      }
      applyAndClose(fd, entry, shown);
    },
    abandon: () => closeSync(fd),
  };
}

function applyAndClose(fd: number, entry: FileEntry, shown: string): void {
  try {
    const { uid, gid } = fstatSync(fd);
    if (uid !== entry.uid || gid !== entry.gid) {
      giveTo(() => fchownSync(fd, entry.uid, entry.gid));
    }
    setModeOf(fd, entry.mode); // after the owner, whose change clears bits of it
    const time = fileTime(entry.mtimeNs);
    futimesSync(fd, time, time);
  } catch (error) {
    throw fileError(FILE_ERRORS.write_failed, shown, error);
  } finally {
    closeSync(fd);
  }
}

function applyToDirectory(directory: ByteDirectory, entry: DirectoryEntry): void {
  giveTo(() => directory.chownSelf(entry.uid, entry.gid));
  directory.chmod(entry.mode);
  directory.utimesSelf(entry.mtimeNs);
}

/** Who is not root cannot give files away: the comparison with the manifest tells how many are not whose they were. */
function giveTo(work: () => void): void {
  try {
    work();
  } catch (error) {
    const code = isPillionError(error) ? error.facts['systemCode'] : systemErrorCode(error);
    if (code !== 'EPERM' && code !== 'EINVAL' && code !== 'ENOTSUP') {
      throw error;
    }
  }
}
