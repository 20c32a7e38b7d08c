import type { ByteDirectory } from '../../core/foreign-files/byte-directory.ts';
import type { BytePath } from './entry.ts';

/** Works in a directory below one that is held; undefined when it is not there. No link on the way is followed. */
export async function inDirectory<T>(
  root: ByteDirectory,
  path: BytePath,
  use: (directory: ByteDirectory) => Promise<T>,
): Promise<T | undefined> {
  const opened: ByteDirectory[] = [];
  try {
    let current = root;
    for (const part of path === '' ? [] : path.split('/')) {
      const next = current.open(part);
      if (next === undefined) {
        return undefined;
      }
      opened.push(next);
      current = next;
    }
    return await use(current);
  } finally {
    opened.forEach((directory) => directory.close());
  }
}

/** For directories that were opened on the way from one that somebody else closes. */
export function closeUnless(root: ByteDirectory, directory: ByteDirectory): void {
  if (directory !== root) {
    directory.close();
  }
}
