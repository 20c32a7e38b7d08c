/** Writes the files for those who read in a root. Done after git has ended; what a neighbour made of them is replaced. */
import { relative } from 'node:path';
import { withMadeDirectory } from '../../core/foreign-files/below.ts';
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import { makeRoomForFile, withEnsuredDirectory, writeInPlace } from '../../core/foreign-files/set-aside.ts';
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
    await writeInPlace(directory, name, log, () => directory.copyIn(file.copyOf, name));
    return;
  }
  const { text } = file;
  if (text === undefined) {
    if ((await directory.stat(name)) !== undefined) {
      await makeRoomForFile(directory, name, log);
      await directory.remove(name);
    }
  } else if (!(await hasText(directory, name, text))) {
    const options = { mode: FILE_MODE & ~umask, fsync: false };
    await writeInPlace(directory, name, log, () => directory.write(name, text, options));
  }
}

interface FilesOfDirectory {
  /** Below the root; empty for the root itself. */
  readonly parent: string;
  readonly files: { readonly name: string; readonly file: ConsumerFile }[];
}

/** Files that follow each other in one directory, which is opened once for all of them. */
function byDirectory(files: readonly ConsumerFile[], top: string): FilesOfDirectory[] {
  const groups: FilesOfDirectory[] = [];
  for (const file of files) {
    const path = relative(top, file.path);
    const split = path.lastIndexOf('/');
    const [parent, name] = split === -1 ? ['', path] : [path.slice(0, split), path.slice(split + 1)];
    const last = groups.at(-1);
    if (last?.parent === parent) {
      last.files.push({ name, file });
    } else {
      groups.push({ parent, files: [{ name, file }] });
    }
  }
  return groups;
}

/**
 * Those of one directory are written at the same time, one directory after the other. Everything in `.git` is ours by its
 * name; on the way to a tree is what the user or a commit has put there.
 * @throws PillionError `write_failed`, `not_a_directory`
 */
export async function writeConsumerFiles(
  root: ForeignDirectory,
  files: readonly ConsumerFile[],
  init: WriteInit,
): Promise<void> {
  for (const { parent, files: inOne } of byDirectory(files, init.top)) {
    const use = async (directory: ForeignDirectory) => {
      const ends = await Promise.allSettled(inOne.map(({ name, file }) => put(directory, name, file, init)));
      for (const end of ends) {
        if (end.status === 'rejected') {
          throw end.reason;
        }
      }
    };
    await (parent === '.git' || parent.startsWith('.git/')
      ? withEnsuredDirectory(root, parent, init.log, use)
      : withMadeDirectory(root, parent, 0o777, use));
  }
}
