/** What is mounted in a tree: another file system, or a bind mount, whose device may be that of the tree. */
import { readFileSync, readlinkSync } from 'node:fs';
import { isDescriptorPath } from '../../core/foreign-files/descriptor-path.ts';
import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import { FILE_ERRORS, fileError } from '../../core/files/file-error.ts';
import type { BytePath } from './entry.ts';

/** Fields of a line of mountinfo, see proc_pid_mountinfo(5). */
const PARENT = 1;
const MOUNT_POINT = 4;

const NONE: ReadonlySet<BytePath> = new Set();

/**
 * The mount points in a directory that is held open. None where the kernel does not say: the device of what is found tells
 * most of them, too.
 * @throws PillionError `read_failed`
 */
export function mountsIn({ path, shownPath }: ByteDirectory): ReadonlySet<BytePath> {
  if (!isDescriptorPath(path)) {
    return NONE;
  }
  try {
    const own = readFileSync(path.replace('/fd/', '/fdinfo/'), 'latin1');
    const [, mount] = /^mnt_id:\s*(\d+)$/m.exec(own) ?? [];
    if (mount === undefined) {
      return NONE;
    }
    const top = readlinkSync(path, { encoding: 'latin1' });
    return new Set(mountPoints(readFileSync('/proc/self/mountinfo', 'latin1'), mount, top));
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, shownPath, error);
  }
}

/**
 * Paths below a directory at which something is mounted. Only what is mounted on the directory's own mount: what is mounted on
 * one that another has been put over is seen by nobody, and a line in the list all the same.
 * @param mount id of the mount that the directory is in
 * @param top absolute path of the directory, each byte as one character
 */
export function mountPoints(mountinfo: string, mount: string, top: BytePath): BytePath[] {
  const above = top === '/' ? top : `${top}/`;
  return mountinfo
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[PARENT] === mount)
    .map((fields) => unescaped(fields[MOUNT_POINT] ?? ''))
    .filter((point) => point.startsWith(above) && point.length > above.length)
    .map((point) => point.slice(above.length));
}

/** Spaces, tabs, line ends and backslashes are octal numbers. */
const unescaped = (field: string): string =>
  field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
