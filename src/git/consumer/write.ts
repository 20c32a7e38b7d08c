/** Writes the files for those who read in a root. Done after git has ended; what a neighbour made of them is replaced. */
import { relative } from 'node:path';
import { withMadeDirectory } from '../../core/foreign-files/below.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { makeRoomForFile, withEnsuredDirectory } from '../../core/foreign-files/set-aside.ts';
import type { Log } from '../../core/log/log.ts';
import type { ConsumerFile } from './files.ts';

const FILE_MODE = 0o666;

export interface WriteInit {
  /** The root's path, which the files' paths begin with. */
  readonly top: string;
  readonly umask: number;
  readonly log: Log;
}

/** Whether a file has this very text already: an unchanged one is not written again. */
async function hasText(directory: ForeignDirectory, name: string, text: string): Promise<boolean> {
  return (await directory.readText(name, { maxBytes: Buffer.byteLength(text) })) === text;
}

async function put(
  directory: ForeignDirectory,
  name: string,
  file: ConsumerFile,
  { umask, log }: WriteInit,
): Promise<void> {
  if ('copyOf' in file) {
    await makeRoomForFile(directory, name, log);
    await directory.copyIn(file.copyOf, name);
  } else if (file.text === undefined) {
    await makeRoomForFile(directory, name, log);
    await directory.remove(name);
  } else if (!(await hasText(directory, name, file.text))) {
    await makeRoomForFile(directory, name, log);
    await directory.write(name, file.text, { mode: FILE_MODE & ~umask, fsync: false });
  }
}

/** Everything in `.git` is ours by its name; on the way to a tree is what the user or a commit has put there. */
async function writeOne(root: ForeignDirectory, file: ConsumerFile, init: WriteInit): Promise<void> {
  const path = relative(init.top, file.path);
  const split = path.lastIndexOf('/');
  const [parent, name] = split === -1 ? ['', path] : [path.slice(0, split), path.slice(split + 1)];
  const use = (directory: ForeignDirectory) => put(directory, name, file, init);
  await (path.startsWith('.git/')
    ? withEnsuredDirectory(root, parent, init.log, use)
    : withMadeDirectory(root, parent, 0o777, use));
}

/** @throws PillionError `write_failed`, `not_a_directory` */
export async function writeConsumerFiles(
  root: ForeignDirectory,
  files: readonly ConsumerFile[],
  init: WriteInit,
): Promise<void> {
  for (const file of files) {
    await writeOne(root, file, init);
  }
}
