/** Removal of a whole tree that others can change while it is being removed. */
import type { Dirent } from 'node:fs';
import { opendir, rename, rmdir, unlink } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';
import { type ByteName, entryPath, shownName } from './entry-name.ts';
import { type HeldDirectory, holdIfDirectory } from './held-directory.ts';
import { mountOf, mountsIn } from './mounts.ts';

/** An entry that could not be removed: of another user, on another volume, filled again and again. */
export interface KeptEntry {
  readonly path: string;
  /** The system's error code. */
  readonly code: string;
}

export interface Removal {
  /** Entries that were removed. */
  readonly removed: number;
  /** Empty when nothing is left. At most the first 100; directories that are kept for their content do not count. */
  readonly kept: readonly KeptEntry[];
}

/** Leaves that are removed at a time. */
const BATCH = 32;
/** Entries that are read at a time. */
const READ_AHEAD = 256;
/** Each level holds two descriptors; deeper directories are moved up to the top first. */
const MAX_DEPTH = 48;
/** Passes over a directory that somebody keeps filling, and over one into which deeper ones are moved. */
const MAX_PASSES = 10;
const MAX_PASSES_DEEP = 1000;
const MAX_KEPT_NAMED = 100;

interface Progress {
  readonly signal: AbortSignal | undefined;
  readonly kept: KeptEntry[];
  keptCount: number;
  removed: number;
  /** Directories moved up to the top. */
  moved: number;
}

/** The tree as a whole. */
interface Tree {
  readonly top: HeldDirectory;
  /** Directories on other volumes are left alone. */
  readonly device: number;
  /** The mount that it is in, where there are others below: one of them may have the same device. */
  readonly mount: string | undefined;
  readonly progress: Progress;
}

/** Where an entry stands. */
interface Place {
  readonly parent: HeldDirectory;
  readonly name: ByteName;
  readonly shownPath: string;
  readonly depth: number;
}

const pathOf = ({ parent, name }: Place) => entryPath(parent.path, name);

/**
 * Removes an entry of a held directory with everything below. Directories are held while they are emptied and nothing
 * is followed, so that nobody who replaces one by a link makes this remove anything elsewhere. Directories of our own
 * that lack permissions are given them. What cannot be removed is named in the result. Not atomic: rename a tree that
 * others read out of their sight first.
 * @throws the signal's reason, and nothing else
 */
export async function removeTreeIn(
  parent: HeldDirectory,
  name: ByteName,
  shownPath: string,
  signal?: AbortSignal,
): Promise<Removal> {
  const progress: Progress = { signal, kept: [], keptCount: 0, removed: 0, moved: 0 };
  const place = { parent, name, shownPath, depth: 0 };
  await guarded(place, progress, async () => {
    const top = await holdIfDirectory(pathOf(place));
    if (top === undefined) {
      await removeLeaf(place, progress);
      return;
    }
    try {
      const { dev: device } = await top.stat();
      const mount = mountsIn(parent.path).size > 0 ? mountOf(parent.path) : undefined;
      const tree = { top, device, mount, progress };
      if (isOtherMount(top, tree)) {
        keep(place, progress, 'EBUSY'); // which is what its removal would end with, when all in it had gone
      } else {
        await removeHeld(top, place, tree);
      }
    } finally {
      await top.close();
    }
  });
  return { removed: progress.removed, kept: progress.kept };
}

/** What fails is kept; only the abort goes on. */
async function guarded(place: Place, progress: Progress, work: () => Promise<void>): Promise<void> {
  progress.signal?.throwIfAborted();
  try {
    await work();
  } catch (error) {
    progress.signal?.throwIfAborted();
    if (systemErrorCode(error) !== 'ENOENT') {
      keep(place, progress, error);
    }
  }
}

/** Empties a directory, as often as needed, and removes it. */
async function removeHeld(directory: HeldDirectory, place: Place, tree: Tree): Promise<void> {
  const { progress } = tree;
  await makeAccessible(directory);
  for (let pass = 1; ; pass += 1) {
    const before = { ...progress };
    await guarded(place, progress, () => empty(directory, place, tree));
    if (progress.keptCount > before.keptCount) {
      return;
    }
    try {
      await rmdir(pathOf(place));
      progress.removed += 1;
      return;
    } catch (error) {
      const code = systemErrorCode(error);
      // Somebody fills it, or directories were moved up into it.
      const isFilled = code === 'ENOTEMPTY' || code === 'EEXIST';
      const limit = progress.moved > before.moved ? MAX_PASSES_DEEP : MAX_PASSES;
      if (!isFilled || pass >= limit) {
        throw error;
      }
    }
  }
}

/** One pass over a directory. */
async function empty(directory: HeldDirectory, place: Place, tree: Tree): Promise<void> {
  let leaves: Promise<void>[] = [];
  try {
    for await (const entry of await opendir(directory.path, { encoding: 'latin1', bufferSize: READ_AHEAD })) {
      tree.progress.signal?.throwIfAborted();
      const shownPath = `${place.shownPath}/${shownName(entry.name)}`;
      const child = { parent: directory, name: entry.name, shownPath, depth: place.depth + 1 };
      if (isLeaf(entry)) {
        leaves.push(removeLeaf(child, tree.progress));
      } else {
        await guarded(child, tree.progress, () => removeChild(child, tree));
      }
      if (leaves.length >= BATCH) {
        await Promise.all(leaves);
        leaves = [];
      }
    }
  } finally {
    await Promise.all(leaves); // none of them rejects
  }
}

/** Where the file system does not say what an entry is, it may be a directory. */
function isLeaf(entry: Dirent): boolean {
  return (
    entry.isFile() ||
    entry.isSymbolicLink() ||
    entry.isFIFO() ||
    entry.isSocket() ||
    entry.isCharacterDevice() ||
    entry.isBlockDevice()
  );
}

async function removeChild(place: Place, tree: Tree): Promise<void> {
  const child = await holdIfDirectory(pathOf(place));
  if (child === undefined) {
    await removeLeaf(place, tree.progress); // it has just been replaced
    return;
  }
  try {
    const { dev } = await child.stat();
    if (dev !== tree.device || isOtherMount(child, tree)) {
      keep(place, tree.progress, 'EXDEV');
    } else if (place.depth > MAX_DEPTH) {
      await moveUp(child, place, tree);
    } else {
      await removeHeld(child, place, tree);
    }
  } finally {
    await child.close();
  }
}

const isOtherMount = ({ path }: HeldDirectory, { mount }: Tree): boolean =>
  mount !== undefined && mountOf(path) !== mount;

/** The next pass over the top finds it there. */
async function moveUp(child: HeldDirectory, place: Place, { top, progress }: Tree): Promise<void> {
  await makeAccessible(child); // moving a directory writes to it
  progress.moved += 1;
  await rename(pathOf(place), `${top.path}/.pillion-deep-${process.pid}-${progress.moved}`);
}

/** What follows says why when it does not work. */
async function makeAccessible(directory: HeldDirectory): Promise<void> {
  const { mode } = await directory.stat();
  if ((mode & 0o700) !== 0o700) {
    await directory.chmod((mode & 0o7777) | 0o700).catch(() => undefined);
  }
}

/** Never rejects, as nobody waits for it while its siblings are read. */
async function removeLeaf(place: Place, progress: Progress): Promise<void> {
  try {
    await unlink(pathOf(place));
    progress.removed += 1;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') {
      keep(place, progress, error);
    }
  }
}

function keep({ shownPath: path }: Place, progress: Progress, error: unknown): void {
  progress.keptCount += 1;
  if (progress.kept.length < MAX_KEPT_NAMED) {
    const code = typeof error === 'string' ? error : (systemErrorCode(error) ?? 'unknown');
    progress.kept.push({ path, code });
  }
}
