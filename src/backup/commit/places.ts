/** Where the steps of a journal move entries from and to. */
import { isPillionError } from '../../core/errors.ts';
import { type ByteDirectory, openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import type { ByteName } from '../../core/foreign-files/entry-name.ts';
import { OWN_FOLDER } from '../model.ts';
import { COMMIT_ERRORS } from './errors.ts';
import type { JournalModes } from './movable.ts';
import { QUARANTINE, STAGE, TARGET } from './names.ts';
import type { Attributes, Journal } from './records.ts';

export const PRIVATE_MODE = 0o700;

export interface Places {
  readonly volume: ByteDirectory;
  readonly quarantine: ByteDirectory;
  /** The root of the stage. Undefined when it has been dropped: then everything of it is in its place. */
  readonly source: ByteDirectory | undefined;
  close(): void;
}

/** @param isUndone makes the stage when it is missing: what came from it goes back there */
export function openPlaces(
  volumePath: string,
  { quarantine, root }: Journal,
  { isUndone = false }: { readonly isUndone?: boolean } = {},
): Places {
  const opened: ByteDirectory[] = [];
  const keep = (directory: ByteDirectory): ByteDirectory => {
    opened.push(directory);
    return directory;
  };
  const descend = (top: ByteDirectory, names: readonly ByteName[]): ByteDirectory | undefined => {
    let current: ByteDirectory | undefined = top;
    for (const name of names) {
      const next: ByteDirectory | undefined = current?.open(name);
      current = next === undefined ? undefined : keep(next);
    }
    return current;
  };
  const need = (parent: ByteDirectory, name: ByteName): ByteDirectory =>
    keep(parent.open(name) ?? parent.make(name, PRIVATE_MODE));
  const close = () => opened.forEach((directory) => directory.close());
  try {
    const volume = keep(openByteRoot(volumePath));
    const folder = need(volume, OWN_FOLDER);
    const places = need(folder, QUARANTINE);
    const steps = [STAGE, TARGET, ...root];
    const source = isUndone ? steps.reduce(need, folder) : descend(folder, steps);
    return { volume, quarantine: need(places, quarantine), source, close };
  } catch (error) {
    close();
    throw error;
  }
}

export const isLocked = (modes: JournalModes, name: ByteName, isNew: boolean): boolean =>
  modes.some((each) => each.name === name && each.isNew === isNew);

export function move(from: ByteDirectory, name: ByteName, to: ByteDirectory, mustUnlock: boolean): void {
  const free = to.stat(name) === undefined ? name : freeName(to, name);
  try {
    if (mustUnlock) {
      unlock(from, name);
    }
    from.rename(name, to, free);
  } catch (error) {
    if (isPillionError(error)) {
      throw COMMIT_ERRORS.commit_blocked(
        { message: `${error.message} (it was to be moved to ${to.shownPath})` },
        { cause: error },
      );
    }
    throw error;
  }
}

/** Only a quarantine can have an entry of this name already. */
function freeName(directory: ByteDirectory, name: ByteName): ByteName {
  for (let count = 1; ; count += 1) {
    const candidate = `${name.slice(0, 240)}.${count}`;
    if (directory.stat(candidate) === undefined) {
      return candidate;
    }
  }
}

function unlock(parent: ByteDirectory, name: ByteName): void {
  const directory = parent.open(name);
  directory?.chmod(Number(directory.status().mode & 0o7777n) | 0o700);
  directory?.close();
}

/** Who does not own the root of the volume cannot change it, which is usual: it is the mount's then. */
export function applyToRoot(
  volume: ByteDirectory,
  { mode, uid, gid, mtimeNs }: Attributes,
  step: (step: string) => void,
): void {
  const now = volume.status();
  if (Number(now.uid) !== uid || Number(now.gid) !== gid) {
    ignoringDenied(() => volume.chownSelf(uid, gid));
  }
  if (Number(volume.status().mode & 0o7777n) !== mode) {
    ignoringDenied(() => volume.chmod(mode));
  }
  step('root');
  ignoringDenied(() => volume.utimesSelf(mtimeNs));
}

function ignoringDenied(work: () => void): void {
  try {
    work();
  } catch (error) {
    const code = isPillionError(error) ? error.facts['systemCode'] : undefined;
    if (code !== 'EPERM' && code !== 'EACCES' && code !== 'ENOTSUP') {
      throw error;
    }
  }
}

/** To directories that had to be made writable to be moved. */
export function giveModesBack(
  modes: JournalModes,
  where: { readonly old: ByteDirectory; readonly new: ByteDirectory | undefined },
): void {
  for (const { name, isNew, mode } of modes) {
    const directory = (isNew ? where.new : where.old)?.open(name);
    directory?.chmod(mode);
    directory?.close();
  }
}
