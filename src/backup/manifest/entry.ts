/** What a manifest knows about one entry of a volume. */
import type { ByteName } from '../../core/foreign-files/entry-name.ts';

/** Parts with `/` between them, each byte as one character; the volume itself is the empty path. */
export type BytePath = string;

interface Common {
  readonly path: BytePath;
  /** The twelve bits of chmod(2). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Since 1970; negative before. */
  readonly mtimeNs: bigint;
}

export interface DirectoryEntry extends Common {
  readonly type: 'directory';
  /** Entries come and go in it all the time: neither its own time nor which entries it has are compared. */
  readonly isChanging?: boolean | undefined;
}

export interface FileEntry extends Common {
  readonly type: 'file';
  readonly size: number;
  /** Hexadecimal SHA-256 of the content; undefined for a file that changes. */
  readonly sha256: string | undefined;
  /** Files of the same group are one file with several names. */
  readonly links: number | undefined;
  /** It changed while it was read, or is known to change all the time: its size and content are not compared. */
  readonly isChanging: boolean;
  /** What tells whether it is still the same where it was read. */
  readonly identity: FileIdentity | undefined;
}

/** A file with the same size, time and identity has the same content. */
export interface FileIdentity {
  readonly inode: bigint;
  readonly ctimeNs: bigint;
  /** It had changed just before it was read, and may have done so once more within a tick of the file system's clock. */
  readonly isRecent: boolean;
}

export interface LinkEntry extends Common {
  readonly type: 'symlink';
  readonly target: ByteName;
}

export type Entry = DirectoryEntry | FileEntry | LinkEntry;

/** What cannot be kept: it is told and left out. */
export type LeftOutType = 'fifo' | 'socket' | 'device' | 'other mount';

export const NS_PER_SECOND = 1_000_000_000n;

/** The volume is empty text, and belongs to nothing. */
export function parentOf(path: BytePath): BytePath | undefined {
  if (path === '') {
    return undefined;
  }
  const end = path.lastIndexOf('/');
  return end === -1 ? '' : path.slice(0, end);
}

export function nameOf(path: BytePath): ByteName {
  return path.slice(path.lastIndexOf('/') + 1);
}

export const joined = (parent: BytePath, name: ByteName): BytePath =>
  parent === '' ? name : `${parent}/${name}`;

/** For messages. */
export const shownPath = (path: BytePath): string =>
  path === '' ? '.' : Buffer.from(path, 'latin1').toString();

/** A path as it is typed, in bytes. */
export const bytePath = (path: string): BytePath => Buffer.from(path).toString('latin1');

/**
 * The order of manifests: a directory, then all below it, names by their bytes. Negative when `a` comes first. It is
 * that of plain text if `/` came before every other character.
 */
export function compareInTree(a: BytePath, b: BytePath): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const one = a.charCodeAt(index);
    const other = b.charCodeAt(index);
    if (one !== other) {
      return (one === SLASH ? -1 : one) - (other === SLASH ? -1 : other);
    }
  }
  return a.length - b.length;
}

const SLASH = 0x2f;
