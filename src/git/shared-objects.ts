/**
 * The objects of a repository on a volume that others can write to. Only objects are shared: they are named by their
 * content. Whatever would lead git elsewhere, or make it wait, is taken out of its way before it runs.
 */
import type { Dirent } from 'node:fs';
import type { ForeignDirectory } from '../core/foreign-files/directory.ts';
import type { Log } from '../core/log/log.ts';
import { randomId } from '../core/random-id.ts';

export interface SharedObjects {
  /** The object directory as git opens it: always this one, whatever its name leads to by now. */
  readonly pathForChildren: string;
  /** Whether the name still leads here. */
  isStillThere(gitDirectory: ForeignDirectory): Promise<boolean>;
  close(): Promise<void>;
}

/** Loose objects, packs, and what git keeps of them. */
const FANOUT = /^[0-9a-f]{2}$/;
/** Leads git to the objects of other directories. */
const ALTERNATES = new Set(['alternates', 'http-alternates']);
const MAX_ENTRIES = 200_000;

type IsWanted = (entry: Dirent) => boolean;

/** A name that git does not look at; what stood there stays for whoever misses it. */
const asideName = (name: string) => `${name}.set-aside-${randomId()}`;

/** Opens or makes a directory. What else is in its place is renamed: a link is never followed. */
export async function ensureDirectory(
  parent: ForeignDirectory,
  name: string,
  log: Log,
): Promise<ForeignDirectory> {
  for (let attempt = 0; ; attempt += 1) {
    const found = await parent.make(name);
    if (found !== undefined || attempt === 3) {
      return found ?? (await parent.openOrThrow(name));
    }
    log.warn('what is in the place of a directory of the repository is set aside', {
      path: `${parent.shownPath}/${name}`,
    });
    await parent.rename(name, parent, asideName(name));
  }
}

/** Removes entries that git never makes: links, FIFOs, sockets, directories where files belong. */
async function removeUnwanted(directory: ForeignDirectory, isWanted: IsWanted, log: Log): Promise<void> {
  for (const entry of await directory.list(MAX_ENTRIES)) {
    if (!isWanted(entry)) {
      log.warn("an entry among the objects of the repository is not git's: it is set aside", {
        path: `${directory.shownPath}/${entry.name}`,
      });
      await setAside(directory, entry);
    }
  }
}

/** Directories may hold something; everything else in the wrong place is worth nothing. */
async function setAside(directory: ForeignDirectory, entry: Dirent): Promise<void> {
  if (entry.isDirectory()) {
    await directory.rename(entry.name, directory, asideName(entry.name));
  } else {
    await directory.remove(entry.name);
  }
}

const isSetAside = (name: string) => name.includes('.set-aside-');

const inObjects: IsWanted = (entry) =>
  entry.isDirectory() || isSetAside(entry.name) || (entry.isFile() && !FANOUT.test(entry.name));
const inPack: IsWanted = (entry) => entry.isFile() || isSetAside(entry.name);
const inInfo: IsWanted = (entry) =>
  isSetAside(entry.name) ||
  (entry.isFile() && !ALTERNATES.has(entry.name)) ||
  (entry.isDirectory() && entry.name === 'commit-graphs');
const inFanout: IsWanted = (entry) => entry.isFile();

async function tidy(objects: ForeignDirectory, isThorough: boolean, log: Log): Promise<void> {
  await removeUnwanted(objects, inObjects, log);
  const directories: [name: string, isWanted: IsWanted][] = [
    ['pack', inPack],
    ['info', inInfo],
  ];
  if (isThorough) {
    const names = (await objects.list(MAX_ENTRIES))
      .map(({ name }) => name)
      .filter((name) => FANOUT.test(name));
    directories.push(...names.map((name): [string, IsWanted] => [name, inFanout]));
  }
  for (const [name, isWanted] of directories) {
    const directory = await ensureDirectory(objects, name, log);
    try {
      await removeUnwanted(directory, isWanted, log);
    } finally {
      await directory.close();
    }
  }
}

/**
 * Opens `<gitDirectory>/objects`, made where it is missing. For the holder of the root's lock.
 * @param gitDirectory `.git` of the root
 * @param isThorough looks at the loose objects too: after a failure, one of them may have kept git waiting
 */
export async function openSharedObjects(
  gitDirectory: ForeignDirectory,
  isThorough: boolean,
  log: Log,
): Promise<SharedObjects> {
  const objects = await ensureDirectory(gitDirectory, 'objects', log);
  try {
    await tidy(objects, isThorough, log);
    const own = await objects.identity();
    return {
      pathForChildren: objects.pathForChildren,
      async isStillThere(holder) {
        const found = await holder.stat('objects');
        return found?.isDirectory() === true && `${found.dev}:${found.ino}` === own;
      },
      close: () => objects.close(),
    };
  } catch (error) {
    await objects.close();
    throw error;
  }
}
