/**
 * The object directory as git opens it: a private directory whose `pack` and loose objects are links to directories of the
 * shared one that are held open. So git writes into these very directories, whatever a neighbour puts in the place of
 * their names meanwhile, and reads no list of other object directories.
 */
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../core/errors.ts';
import type { ForeignDirectory } from '../core/foreign-files/directory.ts';

/** The directories of loose objects. */
export const FANOUT = /^[0-9a-f]{2}$/;

export interface ObjectView {
  /** For children, as long as this process lives and the view is open. */
  readonly path: string;
  /** Whether the pack directory is still the one that the view holds. */
  hasSamePacks(): Promise<boolean>;
  /** Loose objects come with roots of others: takes in the directories of them that are there now. */
  lookForLoose(names: readonly string[]): Promise<void>;
  /** Closes what it holds and removes the view. */
  close(): Promise<void>;
}

interface HeldPart {
  readonly directory: ForeignDirectory;
  readonly identity: string;
}

const identityOf = async (parent: ForeignDirectory, name: string) => {
  const status = await parent.stat(name);
  return status?.isDirectory() === true ? `${status.dev}:${status.ino}` : undefined;
};

/**
 * @param path where it is made; below a directory that only this user can enter
 * @param objects the shared directory; it stays the caller's
 * @param packs its directory of packs; it is the view's from now on
 */
export async function createObjectView(
  path: string,
  objects: ForeignDirectory,
  packs: ForeignDirectory,
): Promise<ObjectView> {
  const loose = new Map<string, HeldPart>();
  const close = async () => {
    await rm(path, { recursive: true, force: true });
    for (const { directory } of [{ directory: packs }, ...loose.values()]) {
      await directory.close();
    }
    loose.clear();
  };
  const drop = async (name: string, part: HeldPart) => {
    await rm(join(path, name), { force: true });
    loose.delete(name);
    await part.directory.close();
  };
  const take = async (name: string) => {
    // Git leaves the directory when it has packed what was in it.
    const isGone = await objects.remove(name).then(
      () => true,
      () => false,
    );
    const directory = isGone ? undefined : await objects.open(name);
    if (directory === undefined) {
      return;
    }
    try {
      const identity = await directory.identity();
      await symlink(directory.pathForChildren, join(path, name));
      loose.set(name, { directory, identity });
    } catch (error) {
      await directory.close();
      if (systemErrorCode(error) !== 'EEXIST') {
        throw error; // else git has made a directory there itself
      }
    }
  };
  try {
    await mkdir(join(path, 'info'), { recursive: true, mode: 0o700 });
    await symlink(packs.pathForChildren, join(path, 'pack'));
    const ownPacks = await packs.identity();
    return {
      path,
      hasSamePacks: async () => (await identityOf(objects, 'pack')) === ownPacks,
      async lookForLoose(names) {
        for (const [name, part] of loose) {
          if ((await identityOf(objects, name)) !== part.identity) {
            await drop(name, part);
          }
        }
        for (const name of names.filter((each) => FANOUT.test(each) && !loose.has(each))) {
          await take(name);
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
