/** What is mounted in a directory: another file system, or a bind mount, whose device may be that of the directory. */
import { readFileSync, readlinkSync } from 'node:fs';
import { FILE_ERRORS, fileError } from '../files/file-error.ts';
import type { ByteDirectory } from './byte-directory.ts';
import { isDescriptorPath } from './descriptor-path.ts';
import { pathsAbove } from './entry-name.ts';

/** Fields of a line of mountinfo, see proc_pid_mountinfo(5). */
const PARENT = 1;
const MOUNT_POINT = 4;

const NONE: ReadonlySet<string> = new Set();

/**
 * The mount points below a directory that is held open, as paths from there, each byte as one character. None where the
 * kernel does not say: the device of what is found tells most of them, too.
 * @param path of the descriptor (`descriptorPath`)
 * @throws the system's error
 */
export function mountsIn(path: string): ReadonlySet<string> {
  const mount = mountOf(path);
  if (mount === undefined) {
    return NONE;
  }
  const top = readlinkSync(path, { encoding: 'latin1' });
  return new Set(mountPoints(readFileSync('/proc/self/mountinfo', 'latin1'), mount, top));
}

/**
 * The same of a directory that is read as a whole.
 * @throws PillionError `read_failed`
 */
export function mountsOf({ path, shownPath }: ByteDirectory): ReadonlySet<string> {
  try {
    return mountsIn(path);
  } catch (error) {
    throw fileError(FILE_ERRORS.read_failed, shownPath, error);
  }
}

/**
 * The id of the mount that what is held open is in; undefined where the kernel does not say.
 * @throws the system's error
 */
export function mountOf(path: string): string | undefined {
  if (!isDescriptorPath(path)) {
    return undefined;
  }
  const facts = readFileSync(path.replace('/fd/', '/fdinfo/'), 'latin1');
  return /^mnt_id:\s*(\d+)$/m.exec(facts)?.[1];
}

/**
 * Paths below a directory at which something is mounted. Only those that can be seen: what is mounted where another mount has been
 * put over is a line in the list all the same.
 * @param mount id of the mount that the directory is in
 * @param top absolute path of the directory, each byte as one character
 */
export function mountPoints(mountinfo: string, mount: string, top: string): string[] {
  const start = top === '/' ? top : `${top}/`;
  const points = mountinfo
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[PARENT] === mount)
    .map((fields) => unescaped(fields[MOUNT_POINT] ?? ''))
    .filter((point) => point.startsWith(start) && point.length > start.length)
    .map((point) => point.slice(start.length));
  const all = new Set(points);
  return [...all].filter((point) => !pathsAbove(point).some((above) => all.has(above)));
}

/** Spaces, tabs, line ends and backslashes are octal numbers. */
const unescaped = (field: string): string =>
  field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
