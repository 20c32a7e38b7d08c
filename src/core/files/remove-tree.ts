import type { Dirent, Stats } from 'node:fs';
import { chmod, lstat, opendir, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PillionError, systemErrorCode } from '../errors.ts';
import { fileError } from './file-error.ts';

/** Paths have at most 4096 bytes, but a tree may be deeper: git checks out names relative to the worktree. */
const LONG_PATH_BYTES = 3000;
const BATCH = 32;
/** Passes over a directory that never gets empty, because somebody keeps filling it. */
const MAX_IDLE_PASSES = 3;

/**
 * A path with each byte as one character. Names need not be UTF-8, and as text they would name something else: what is
 * never found counts as removed, and the directory never gets empty.
 */
type BytePath = string;

const bytesOf = (path: string): BytePath => Buffer.from(path).toString('latin1');
const rawPath = (path: BytePath): Buffer => Buffer.from(path, 'latin1');
const textOf = (path: BytePath): string => rawPath(path).toString();

interface Context {
  readonly top: BytePath;
  readonly signal: AbortSignal | undefined;
  moved: number;
}

/**
 * Removes whatever is at `textPath`, with everything below. Symbolic links are removed, never followed; directories of our
 * own that lack permissions are given them first. Nothing there is no error. Not atomic: rename a tree that others see
 * out of their sight first.
 * @throws PillionError `remove_failed`, or the signal's reason
 */
export async function removeTree(textPath: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const path = bytesOf(textPath);
  const found = await statIfExists(path);
  if (found === undefined) {
    return;
  }
  if (found.isDirectory()) {
    await removeDirectory(path, found, { top: path, signal, moved: 0 });
  } else {
    await ignoreMissing(path, () => unlink(rawPath(path)));
  }
}

async function removeDirectory(path: BytePath, found: Stats, context: Context): Promise<void> {
  await makeAccessible(path, found);
  for (let idlePasses = 0; ; ) {
    const removed = await removeEntries(path, context);
    idlePasses = removed === 0 ? idlePasses + 1 : 0;
    try {
      await ignoreMissing(path, () => rmdir(rawPath(path)));
      return;
    } catch (error) {
      // Entries may be skipped while others are removed, may be moved up from below, or come from somebody else.
      const code = error instanceof PillionError ? error.facts.systemCode : undefined;
      if ((code !== 'ENOTEMPTY' && code !== 'EEXIST') || idlePasses >= MAX_IDLE_PASSES) {
        throw error;
      }
    }
  }
}

/** One pass over a directory; returns how many entries it removed. */
async function removeEntries(path: BytePath, context: Context): Promise<number> {
  let removed = 0;
  let batch: Promise<void>[] = [];
  const directory = await ignoreMissing(path, () => opendir(rawPath(path), { encoding: 'latin1' }));
  if (directory === undefined) {
    return removed;
  }
  try {
    for await (const entry of directory) {
      context.signal?.throwIfAborted();
      removed += 1;
      if (entry.isDirectory()) {
        await removeChild(join(path, entry.name), context);
      } else {
        batch.push(removeLeaf(path, entry));
      }
      if (batch.length >= BATCH) {
        await Promise.all(batch);
        batch = [];
      }
    }
  } finally {
    await Promise.allSettled(batch);
  }
  await Promise.all(batch);
  return removed;
}

async function removeLeaf(path: BytePath, entry: Dirent): Promise<void> {
  const leaf = join(path, entry.name);
  await ignoreMissing(leaf, () => unlink(rawPath(leaf)));
}

async function removeChild(child: BytePath, context: Context): Promise<void> {
  const found = await statIfExists(child);
  if (found === undefined) {
    return;
  }
  if (!found.isDirectory()) {
    await ignoreMissing(child, () => unlink(rawPath(child)));
  } else if (child.length > LONG_PATH_BYTES) {
    await makeAccessible(child, found); // moving a directory writes to it
    context.moved += 1;
    const closer = join(context.top, `.pillion-deep-${process.pid}-${context.moved}`);
    await ignoreMissing(child, () => rename(rawPath(child), rawPath(closer))); // the next pass over the top finds it
  } else {
    await removeDirectory(child, found, context);
  }
}

async function makeAccessible(path: BytePath, found: Stats): Promise<void> {
  if ((found.mode & 0o700) !== 0o700) {
    await chmod(rawPath(path), (found.mode & 0o7777) | 0o700).catch(() => undefined); // then what follows says why not
  }
}

async function statIfExists(path: BytePath): Promise<Stats | undefined> {
  return await ignoreMissing(path, () => lstat(rawPath(path)));
}

/** What is already gone needs no removing. */
async function ignoreMissing<T>(path: BytePath, action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw fileError('remove', textOf(path), error);
  }
}
