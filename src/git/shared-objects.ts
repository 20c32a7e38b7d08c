/**
 * The objects of a repository on a volume that others can write to. Only objects are shared: they are named by their
 * content. Whatever would lead git elsewhere, or make it wait, is taken out of its way before it runs.
 */
import type { Dirent } from 'node:fs';
import type { ForeignDirectory } from '../core/foreign-files/directory.ts';
import { asideName, ensureDirectory } from '../core/foreign-files/set-aside.ts';
import type { Log } from '../core/log/log.ts';
import { createObjectView, FANOUT, type ObjectView } from './object-view.ts';

export interface SharedObjects {
  /** The object directory as git opens it: always this one, whatever its names lead to by now. */
  readonly pathForChildren: string;
  /** Whether the names still lead here. Takes in loose objects that somebody else has added. */
  isStillThere(gitDirectory: ForeignDirectory): Promise<boolean>;
  close(): Promise<void>;
}

export interface OpenObjectsOptions {
  /** Looks at the loose objects too: after a failure, one of them may have kept git waiting. */
  readonly isThorough: boolean;
  /** Where git's view of them is made: does not exist yet, below a directory that only this user can enter. */
  readonly view: string;
}

/** Leads git to the objects of other directories. */
const ALTERNATES = new Set(['alternates', 'http-alternates']);
const MAX_ENTRIES = 200_000;

type IsWanted = (entry: Dirent) => boolean;

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

/** The directories of loose objects. */
async function looseNames(objects: ForeignDirectory): Promise<string[]> {
  const entries = await objects.list(MAX_ENTRIES);
  return entries.filter((entry) => entry.isDirectory() && FANOUT.test(entry.name)).map(({ name }) => name);
}

/** Opens a part of the objects, made where it is missing, with nothing in it that git does not make. */
async function openTidied(
  objects: ForeignDirectory,
  name: string,
  isWanted: IsWanted,
  log: Log,
): Promise<ForeignDirectory> {
  const directory = await ensureDirectory(objects, name, log);
  try {
    await removeUnwanted(directory, isWanted, log);
    return directory;
  } catch (error) {
    await directory.close();
    throw error;
  }
}

/** @returns the directory of packs */
async function tidy(objects: ForeignDirectory, isThorough: boolean, log: Log): Promise<ForeignDirectory> {
  await removeUnwanted(objects, inObjects, log);
  // Our git reads none of it, readers' git does.
  await (await openTidied(objects, 'info', inInfo, log)).close();
  for (const name of isThorough ? await looseNames(objects) : []) {
    await (await openTidied(objects, name, inFanout, log)).close();
  }
  return openTidied(objects, 'pack', inPack, log);
}

/**
 * Opens `<gitDirectory>/objects`, made where it is missing. For the holder of the root's lock.
 * @param gitDirectory `.git` of the root
 */
export async function openSharedObjects(
  gitDirectory: ForeignDirectory,
  { isThorough, view: viewPath }: OpenObjectsOptions,
  log: Log,
): Promise<SharedObjects> {
  const objects = await ensureDirectory(gitDirectory, 'objects', log);
  let opened: ObjectView | undefined;
  try {
    const view = await createObjectView(viewPath, objects, await tidy(objects, isThorough, log));
    opened = view;
    const own = await objects.identity();
    await view.lookForLoose(await looseNames(objects));
    return {
      pathForChildren: view.path,
      async isStillThere(holder) {
        const found = await holder.stat('objects');
        const isSame = found?.isDirectory() === true && `${found.dev}:${found.ino}` === own;
        if (!isSame || !(await view.hasSamePacks())) {
          return false;
        }
        await view.lookForLoose(await looseNames(objects));
        return true;
      },
      async close() {
        await view.close();
        await objects.close();
      },
    };
  } catch (error) {
    await opened?.close();
    await objects.close();
    throw error;
  }
}
