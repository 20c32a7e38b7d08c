/** Makes a copy what its plan says: what is new first, each file in one step, then what is to go. */
import type { Breather } from '../../../core/breather.ts';
import { systemErrorCode } from '../../../core/errors.ts';
import type { ByteDirectory } from '../../../core/foreign-files/byte-directory.ts';
import { type ByteName, shownName } from '../../../core/foreign-files/entry-name.ts';
import { asideName } from '../../../core/foreign-files/set-aside.ts';
import { INFO_DIR } from '../commit-info.ts';
import type { BytePath, PlannedDirectory } from './plan.ts';
import { OF_THE_VOLUME } from './records.ts';

export interface ApplyCopyInit {
  readonly target: ByteDirectory;
  readonly staging: ByteDirectory;
  /** Where directories are put that go with all that is in them; in the file system of the target. */
  readonly attic: ByteDirectory;
  /** What an earlier copy brought, and so may go; without it everything that the tree does not have goes. */
  readonly brought: ReadonlySet<BytePath> | undefined;
  readonly breathe: Breather;
  /** Something of somebody else's is in the way: it was renamed, or could not be removed. */
  readonly onForeign: (what: 'renamed' | 'kept', path: string) => void;
}

/** Names have at most 255 bytes. */
const LONGEST_STEM = 200;

/** @returns whether anything was changed */
export async function applyCopy(init: ApplyCopyInit, top: PlannedDirectory): Promise<boolean> {
  const { target, staging, attic, brought, breathe } = init;
  let changes = 0;
  let inAttic = 0;
  const isOurs = (path: BytePath) => brought === undefined || brought.has(path);
  const shown = (directory: ByteDirectory, name: ByteName) => `${directory.shownPath}/${shownName(name)}`;

  /** Out of the way, into the attic where it may go, or else under another name. */
  function moveAway(directory: ByteDirectory, name: ByteName): void {
    changes += 1;
    if (brought === undefined) {
      directory.rename(name, attic, String(inAttic++));
    } else {
      directory.rename(name, directory, asideName(name.slice(0, LONGEST_STEM)));
      init.onForeign('renamed', shown(directory, name));
    }
  }

  /** Makes room where a directory stands and a file is to be. */
  async function clearDirectory(directory: ByteDirectory, name: ByteName, path: BytePath): Promise<void> {
    await removeDirectory(directory, name, `${path}/`);
    if (directory.stat(name)?.isDirectory() === true) {
      moveAway(directory, name);
    }
  }

  /** Opens or makes a directory of the tree. */
  function enter(directory: ByteDirectory, name: ByteName, path: BytePath, mode: number): ByteDirectory {
    const found = directory.open(name);
    if (found === undefined && directory.stat(name) !== undefined) {
      if (isOurs(path)) {
        directory.unlink(name);
        changes += 1;
      } else {
        moveAway(directory, name);
      }
    }
    changes += found === undefined ? 1 : 0;
    return found ?? directory.make(name, mode);
  }

  function setMode(directory: ByteDirectory, mode: number): void {
    if ((Number(directory.status().mode) & 0o7777) !== mode) {
      ignoring(['EPERM'], () => directory.chmod(mode)); // one of another user may stay as it is
    }
  }

  async function put(directory: ByteDirectory, plan: PlannedDirectory, prefix: BytePath): Promise<void> {
    setMode(directory, plan.mode | 0o700);
    for (const [name, ready] of plan.leaves) {
      if (ready !== undefined) {
        await breathe();
        if (directory.stat(name)?.isDirectory() === true) {
          await clearDirectory(directory, name, prefix + name);
        }
        staging.rename(ready, directory, name);
        changes += 1;
      }
    }
    for (const [name, below] of plan.directories) {
      await breathe();
      const child = enter(directory, name, prefix + name, below.mode);
      try {
        await put(child, below, `${prefix}${name}/`);
      } finally {
        child.close();
      }
    }
    setMode(directory, plan.mode);
  }

  /** Removes what is ours below a directory, and the directory itself when nothing is left in it. */
  async function removeDirectory(directory: ByteDirectory, name: ByteName, prefix: BytePath): Promise<void> {
    const child = directory.open(name);
    if (child === undefined) {
      return;
    }
    if (brought === undefined) {
      child.close();
      moveAway(directory, name);
      return;
    }
    try {
      await sweep(child, undefined, prefix);
    } finally {
      child.close();
    }
    if (isOurs(prefix)) {
      changes += ignoring(['ENOTEMPTY', 'EEXIST', 'EBUSY'], () => directory.removeEmpty(name)) ? 1 : 0;
    }
  }

  async function removeEntry(directory: ByteDirectory, name: ByteName, path: BytePath): Promise<void> {
    try {
      const status = directory.stat(name);
      if (status?.isDirectory() === true) {
        await (isOurs(`${path}/`) ? removeDirectory(directory, name, `${path}/`) : undefined);
      } else if (status !== undefined && isOurs(path)) {
        directory.unlink(name);
        changes += 1;
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
    directory: ByteDirectory,
    plan: PlannedDirectory | undefined,
    prefix: BytePath,
  ): Promise<void> {
    for (const name of directory.names()) {
      await breathe();
      const isReserved = prefix === '' && (name === INFO_DIR || name === OF_THE_VOLUME);
      const below = plan?.directories.get(name);
      if (below !== undefined) {
        await sweepBelow(directory, below, name, prefix);
      } else if (!isReserved && plan?.leaves.has(name) !== true) {
        await removeEntry(directory, name, prefix + name);
      }
    }
  }

  async function sweepBelow(
    directory: ByteDirectory,
    plan: PlannedDirectory,
    name: ByteName,
    prefix: BytePath,
  ): Promise<void> {
    const child = directory.open(name);
    try {
      await (child && sweep(child, plan, `${prefix}${name}/`));
    } finally {
      child?.close();
    }
  }

  await put(target, top, '');
  await sweep(target, top, '');
  return changes > 0;
}

/** What a PillionError of a directory says of its cause. */
function systemCodeOf(error: unknown): string | undefined {
  return systemErrorCode(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

/** Whether it went well; failures with these codes are not thrown. */
function ignoring(codes: readonly string[], work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!codes.includes(systemCodeOf(error) ?? '')) {
      throw error;
    }
    return false;
  }
}
