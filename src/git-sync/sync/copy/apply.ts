/** Makes a copy what its plan says: what is new first, each file in one step, then what is to go. */
import { systemErrorCode } from '../../../core/errors.ts';
import type { AsyncByteDirectory, ByteEntry } from '../../../core/foreign-files/async-byte-directory.ts';
import { type ByteName, shownName } from '../../../core/foreign-files/entry-name.ts';
import { asideName } from '../../../core/foreign-files/set-aside.ts';
import { INFO_DIR } from '../publishing/commit-info.ts';
import { stateOf } from './known-files.ts';
import { type BytePath, likeOf, type PlannedDirectory, type ReadyLeaf } from './plan.ts';
import { OF_THE_VOLUME } from './records.ts';

export interface ApplyCopyInit {
  readonly target: AsyncByteDirectory;
  readonly staging: AsyncByteDirectory;
  /** Where directories are put that go with all that is in them; in the file system of the target. */
  readonly attic: AsyncByteDirectory;
  /** Paths below the target at which something is mounted: neither that nor what is in it is removed. */
  readonly mounts: ReadonlySet<BytePath>;
  /** What an earlier copy brought, and so may go; without it everything that the tree does not have goes. */
  readonly brought: ReadonlySet<BytePath> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Something of somebody else's is in the way: it was renamed, or could not be removed. */
  readonly onForeign: (what: 'renamed' | 'kept', path: string) => void;
  /** What a new file or link is like at its place. */
  readonly onPut?: (path: BytePath, state: string) => void;
}

/** Names have at most 255 bytes. */
const LONGEST_STEM = 200;

/** Carries a plan out; one call after the other, since each may make room for the next. */
export async function applyCopy(init: ApplyCopyInit, top: PlannedDirectory): Promise<void> {
  const { target, staging, attic, mounts, brought, signal } = init;
  let inAttic = 0;
  const isOurs = (path: BytePath) => brought === undefined || brought.has(path);
  const shown = (directory: AsyncByteDirectory, name: ByteName) =>
    `${directory.shownPath}/${shownName(name)}`;

  /** Moved away as a whole, a directory takes what is mounted in it along. */
  const isAboveMount = (prefix: BytePath): boolean => [...mounts].some((path) => path.startsWith(prefix));

  /** Out of the way, into the attic where it may go, or else under another name. */
  async function moveAway(directory: AsyncByteDirectory, name: ByteName): Promise<void> {
    if (brought === undefined) {
      await directory.rename(name, attic, String(inAttic++));
    } else {
      await directory.rename(name, directory, asideName(name.slice(0, LONGEST_STEM)));
      init.onForeign('renamed', shown(directory, name));
    }
  }

  /** Makes room where a directory stands and a file is to be. */
  async function clearDirectory(
    directory: AsyncByteDirectory,
    name: ByteName,
    path: BytePath,
  ): Promise<void> {
    await removeDirectory(directory, name, `${path}/`);
    if ((await directory.stat(name))?.isDirectory() === true) {
      await moveAway(directory, name);
    }
  }

  /** Opens or makes a directory of the tree. */
  async function enter(
    directory: AsyncByteDirectory,
    name: ByteName,
    path: BytePath,
    mode: number,
  ): Promise<AsyncByteDirectory> {
    const found = await directory.open(name);
    if (found === undefined && (await directory.stat(name)) !== undefined) {
      await (isOurs(path) ? directory.unlink(name) : moveAway(directory, name));
    }
    return found ?? directory.make(name, mode);
  }

  async function setMode(directory: AsyncByteDirectory, mode: number): Promise<void> {
    if ((Number((await directory.status()).mode) & 0o7777) !== mode) {
      await ignoring(['EPERM'], directory.chmod(mode)); // one of another user may stay as it is
    }
  }

  async function putLeaf(
    directory: AsyncByteDirectory,
    name: ByteName,
    path: BytePath,
    ready: ReadyLeaf,
  ): Promise<void> {
    if ((await directory.stat(name))?.isDirectory() === true) {
      await clearDirectory(directory, name, path);
    }
    await staging.rename(ready.name, directory, name);
    const status = init.onPut && (await directory.stat(name));
    // Somebody may have changed it already.
    if (status !== undefined && likeOf(stateOf(status)) === ready.like) {
      init.onPut?.(path, stateOf(status));
    }
  }

  async function put(directory: AsyncByteDirectory, plan: PlannedDirectory, prefix: BytePath): Promise<void> {
    await setMode(directory, plan.mode | 0o700);
    for (const [name, ready] of plan.leaves) {
      if (ready !== undefined) {
        signal?.throwIfAborted();
        await putLeaf(directory, name, prefix + name, ready);
      }
    }
    for (const [name, below] of plan.directories) {
      signal?.throwIfAborted();
      const child = await enter(directory, name, prefix + name, below.mode);
      try {
        await put(child, below, `${prefix}${name}/`);
      } finally {
        await child.close();
      }
    }
    await setMode(directory, plan.mode);
  }

  /** Removes what is ours below a directory, and the directory itself when nothing is left in it. */
  async function removeDirectory(
    directory: AsyncByteDirectory,
    name: ByteName,
    prefix: BytePath,
  ): Promise<void> {
    if (mounts.has(prefix.slice(0, -1))) {
      init.onForeign('kept', shown(directory, name));
      return;
    }
    const child = await directory.open(name);
    if (child === undefined) {
      return;
    }
    if (brought === undefined && !isAboveMount(prefix)) {
      await child.close();
      await moveAway(directory, name);
      return;
    }
    try {
      await sweep(child, undefined, prefix);
    } finally {
      await child.close();
    }
    if (isOurs(prefix)) {
      await ignoring(['ENOTEMPTY', 'EEXIST', 'EBUSY'], directory.removeEmpty(name));
    }
  }

  async function removeEntry(
    directory: AsyncByteDirectory,
    { name, kind }: ByteEntry,
    path: BytePath,
  ): Promise<void> {
    try {
      if (kind === 'directory') {
        await (isOurs(`${path}/`) ? removeDirectory(directory, name, `${path}/`) : undefined);
      } else if (isOurs(path)) {
        await directory.unlink(name);
      }
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === undefined || !['EACCES', 'EPERM', 'EBUSY', 'EXDEV', 'ENOENT'].includes(code)) {
        throw error;
      }
      init.onForeign('kept', shown(directory, name));
    }
  }

  /** Removes what the tree does not have. */
  async function sweep(
    directory: AsyncByteDirectory,
    plan: PlannedDirectory | undefined,
    prefix: BytePath,
  ): Promise<void> {
    for (const entry of await directory.entries()) {
      const { name } = entry;
      signal?.throwIfAborted();
      const isReserved = prefix === '' && (name === INFO_DIR || name === OF_THE_VOLUME);
      const below = plan?.directories.get(name);
      if (below !== undefined) {
        await sweepBelow(directory, below, name, prefix);
      } else if (!isReserved && plan?.leaves.has(name) !== true) {
        await removeEntry(directory, entry, prefix + name);
      }
    }
  }

  async function sweepBelow(
    directory: AsyncByteDirectory,
    plan: PlannedDirectory,
    name: ByteName,
    prefix: BytePath,
  ): Promise<void> {
    const child = await directory.open(name);
    try {
      await (child && sweep(child, plan, `${prefix}${name}/`));
    } finally {
      await child?.close();
    }
  }

  await put(target, top, '');
  await sweep(target, top, '');
}

/** What a PillionError of a directory says of its cause. */
function systemCodeOf(error: unknown): string | undefined {
  return systemErrorCode(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

/** Failures with these codes are not thrown. */
async function ignoring(codes: readonly string[], work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!codes.includes(systemCodeOf(error) ?? '')) {
      throw error;
    }
  }
}
