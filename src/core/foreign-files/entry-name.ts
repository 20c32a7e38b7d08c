import { FOREIGN_FILE_ERRORS } from './errors.ts';

/** A name with a slash would lead through entries that nobody has looked at. */
export function single(name: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw FOREIGN_FILE_ERRORS.bad_entry_name({ name });
  }
  return name;
}

/**
 * A name with each byte as one character, as `encoding: 'latin1'` gives it. Names need not be UTF-8, and as text they
 * would name something else.
 */
export type ByteName = string;

const ASCII = /^[\0-\x7f]*$/;

/** The path of an entry of a directory. The path of the directory is one of /proc, or any text. */
export function entryPath(directory: string, name: ByteName): string | Buffer {
  return ASCII.test(name)
    ? `${directory}/${name}`
    : Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')]);
}

/** A path from within the directory of the entry. */
export const ownPath = (name: ByteName): string | Buffer =>
  ASCII.test(name) ? name : Buffer.from(name, 'latin1');

/** For messages. */
export function shownName(name: ByteName): string {
  return Buffer.from(name, 'latin1').toString();
}

/** The directories that a path with slashes lies in, the outermost first; not the one that it is relative to. */
export function pathsAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
