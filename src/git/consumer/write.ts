/** Writes the files for those who read in a root. Done after git has ended; what a neighbour made of them is replaced. */
import { relative } from 'node:path';
import { readBelow, withDirectory, withMadeDirectory, writeBelow } from '../../core/foreign-files/below.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import type { ConsumerFile } from './files.ts';

const FILE_MODE = 0o666;

/** Whether a file has this very text already: an unchanged one is not written again. */
async function hasText(root: ForeignDirectory, path: string, text: string): Promise<boolean> {
  const found = await readBelow(root, path, { maxBytes: Buffer.byteLength(text) });
  return found.kind === 'file' && found.bytes.toString('utf8') === text;
}

async function writeOne(
  root: ForeignDirectory,
  top: string,
  file: ConsumerFile,
  umask: number,
): Promise<void> {
  const path = relative(top, file.path);
  const split = path.lastIndexOf('/');
  const [directory, name] = split === -1 ? ['', path] : [path.slice(0, split), path.slice(split + 1)];
  if ('copyOf' in file) {
    await withMadeDirectory(root, directory, 0o777, (opened) => opened.copyIn(file.copyOf, name));
  } else if (file.text === undefined) {
    await withDirectory(root, directory, async (opened) => opened?.remove(name));
  } else if (!(await hasText(root, path, file.text))) {
    await writeBelow(root, path, file.text, { mode: FILE_MODE & ~umask, fsync: false });
  }
}

/**
 * @param top the root's path, which the files' paths begin with
 * @throws PillionError `write_failed`, `not_a_directory`
 */
export async function writeConsumerFiles(
  root: ForeignDirectory,
  top: string,
  files: readonly ConsumerFile[],
  umask: number,
): Promise<void> {
  for (const file of files) {
    await writeOne(root, top, file, umask);
  }
}
